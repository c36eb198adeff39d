/*
 * The run: households in fixed partitions, partitions in waves.
 *
 * A partition holds a fixed number of persons, whatever the thread count, and each household its own random streams
 * (one for lives, one for what agencies get wrong), so a partition's bytes depend on nothing else. A wave renders some
 * partitions in parallel, numbers the rows, and appends the buffers file by file, again in parallel. Memory is a wave's
 * worth.
 */
#include "synth/synth.h"

#include "synth/writers.h"

#define PARTITION_PEOPLE 2048
#define WAVE_PARTITIONS 8

typedef enum TruthFile {
    TRUTH_PEOPLE,
    TRUTH_OUTCOMES,
    TRUTH_RECORDS,
    TRUTH_PLANTED,
    TRUTH_SCHOOLING,
    TRUTH_SCHOOL_YEARS,
    TRUTH_COLLEGE,
    TRUTH_TRAINING,
    TRUTH_WORK,
    TRUTH_COUNT
} TruthFile;

typedef struct Run {
    const SynthOptions *o;
    World world;
    Plan plan;
    Codes codes;
    Sink sinks[WAVE_PARTITIONS];
    uint64_t *row_base; /* WAVE_PARTITIONS * files: rows before the partition's part */
    FileWriter *truth[TRUTH_COUNT];
    uint64_t truth_bytes;
    uint64_t first_partition; /* of the wave */
    size_t wave;              /* partitions in it */
    Progress *progress;
} Run;

/* r: the lives' stream; tests: the assessments' own, so that they change nothing else. */
static void live(const World *w, Rng *r, Rng *tests, const Person *p, Life *l)
{
    memset(l, 0, sizeof *l);
    school_live(w, r, p, l);
    pathway_live(w, r, p, l);
    assess_live(w, tests, p, l);
    college_live(w, r, p, l);
    work_live(w, r, p, l);
    training_live(w, p, l);
}

static void write_person(Scribe *s, const Person *p, const Life *l, uint64_t household)
{
    if (p->student)
        write_school(s, p, l);
    write_unit_records(s, p, l);
    write_clearinghouse(s, p, l);
    write_wages(s, p, l);
    write_workforce(s, p, l);
    write_training(s, p, l);
    truth_person(s->w, p, household, &s->sink->people);
    truth_outcome(s->w, p, l, &s->sink->outcomes);
    truth_schooling(s->w, l, p->id, &s->sink->schooling);
    truth_school_years(s->w, l, p->id, &s->sink->school_years);
    truth_work(s->w, p, l, &s->sink->college, &s->sink->training, &s->sink->work);
}

static Status render_partition(size_t item, void *ctx, Error *err)
{
    Run *run = ctx;
    Sink *sink = &run->sinks[item];
    uint64_t partition = run->first_partition + item;
    uint64_t first = partition * PARTITION_PEOPLE + 1;
    uint64_t left = run->o->people - (first - 1);
    left = left < PARTITION_PEOPLE ? left : PARTITION_PEOPLE;
    sink_reset(sink);
    sink->first_person = first;
    Life *life = NULL;
    TRY(mem_alloc(sizeof *life, (void **)&life, err));
    uint64_t id = first;
    for (uint64_t h = 0; id < first + left; h++) {
        uint64_t stream = (partition << 24 | h) << 2;
        Rng lives, noise, tests;
        rng_init(&lives, run->o->seed, stream);
        rng_init(&noise, run->o->seed, stream + 1);
        rng_init(&sink->errors, run->o->seed, stream + 2);
        rng_init(&tests, run->o->seed, stream + 3);
        Household house;
        household_draw(&run->world, &lives, (uint32_t)(first + left - id), id, &house);
        Scribe s = {&run->world, &run->plan, &run->codes, sink, &noise, &house};
        for (uint32_t i = 0; i < house.size; i++) {
            live(&run->world, &lives, &tests, &house.people[i], life);
            write_person(&s, &house.people[i], life, partition << 24 | h);
        }
        id += house.size;
    }
    mem_free(life);
    progress_add(run->progress, left);
    return sink_status(sink, err);
}

static void number_rows(Run *run)
{
    Plan *p = &run->plan;
    for (size_t i = 0; i < run->wave; i++)
        for (uint32_t f = 0; f < p->file_count; f++) {
            run->row_base[i * p->file_count + f] = p->files[f].rows;
            p->files[f].rows += run->sinks[i].rows[f];
            p->files[f].bytes += run->sinks[i].files[f].len;
        }
}

static void add_record(Buf *b, const OutFile *f, uint64_t row, uint64_t person)
{
    buf_adds(b, f->source);
    buf_addc(b, ',');
    buf_adds(b, f->name);
    buf_addc(b, ',');
    buf_add_u64(b, row);
    buf_addc(b, ',');
    buf_add_u64(b, person);
}

static Status render_records(size_t item, void *ctx, Error *err)
{
    Run *run = ctx;
    Sink *s = &run->sinks[item];
    const uint64_t *base = run->row_base + item * run->plan.file_count;
    static const char *const kinds[] = {"", ",duplicate\n", ",date\n", ",code\n"};
    for (size_t i = 0; i < s->refs.len; i++) {
        RowRef ref = s->refs.at[i];
        const OutFile *f = &run->plan.files[ref.file];
        uint64_t row = base[ref.file] + ref.row, person = s->first_person + ref.person;
        add_record(&s->records, f, row, person);
        buf_addc(&s->records, '\n');
        if (ref.planted) {
            add_record(&s->planted, f, row, person);
            buf_adds(&s->planted, kinds[ref.planted]);
        }
    }
    TRY(buf_status(&s->planted, err));
    return buf_status(&s->records, err);
}

static Slice truth_part(const Sink *s, size_t which)
{
    const Buf *const parts[TRUTH_COUNT] = {&s->people, &s->outcomes, &s->records, &s->planted, &s->schooling,
        &s->school_years, &s->college, &s->training, &s->work};
    return buf_slice(parts[which]);
}

/* Item: a truth file, the largest first, or an agency's. */
static Status append_file(size_t item, void *ctx, Error *err)
{
    Run *run = ctx;
    UNUSED(err);
    for (size_t i = 0; i < run->wave; i++) {
        if (item < TRUTH_COUNT)
            writer_add(run->truth[item], truth_part(&run->sinks[i], item));
        else
            writer_add(run->plan.files[item - TRUTH_COUNT].writer, buf_slice(&run->sinks[i].files[item - TRUTH_COUNT]));
    }
    return OK;
}

static Status run_wave(Run *run, Error *err)
{
    unsigned threads = run->o->threads;
    TRY(cancel_check(err));
    TRY(parallel_for(run->wave, threads, render_partition, run, err));
    planted_thin(&run->plan, run->sinks, run->wave);
    number_rows(run);
    TRY(parallel_for(run->wave, threads, render_records, run, err));
    for (size_t i = 0; i < run->wave; i++)
        for (size_t t = 0; t < TRUTH_COUNT; t++)
            run->truth_bytes += truth_part(&run->sinks[i], t).len;
    return parallel_for(TRUTH_COUNT + run->plan.file_count, threads, append_file, run, err);
}

static Status write_heads(Run *run, Error *err)
{
    Buf heads[TRUTH_COUNT];
    for (size_t i = 0; i < TRUTH_COUNT; i++)
        buf_init(&heads[i], 0);
    truth_heads(&heads[TRUTH_PEOPLE], &heads[TRUTH_OUTCOMES], &heads[TRUTH_RECORDS], &heads[TRUTH_PLANTED]);
    truth_school_heads(&heads[TRUTH_SCHOOLING], &heads[TRUTH_SCHOOL_YEARS]);
    truth_work_heads(&heads[TRUTH_COLLEGE], &heads[TRUTH_TRAINING], &heads[TRUTH_WORK]);
    Status st = OK;
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        if (st == OK)
            st = buf_status(&heads[i], err);
        writer_add(run->truth[i], buf_slice(&heads[i]));
        run->truth_bytes += heads[i].len;
        buf_free(&heads[i]);
    }
    return st;
}

static Status open_truth(Run *run, Error *err)
{
    static const char *const names[TRUTH_COUNT] = {"people.csv", "outcomes.csv", "records.csv", "planted_errors.csv",
        "school_outcomes.csv", "school_years.csv", "college_outcomes.csv", "training_outcomes.csv",
        "work_outcomes.csv"};
    const char *folder = NULL;
    TRY(path_join(&run->world.arena, run->o->out_dir, "truth", &folder, err));
    TRY(dir_make(folder, MODE_DIR_PRIVATE, err));
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        const char *path = NULL;
        TRY(path_join(&run->world.arena, folder, names[i], &path, err));
        TRY(writer_open(path, MODE_PRIVATE, &run->truth[i], err));
    }
    return write_heads(run, err);
}

static Status prepare(Run *run, Error *err)
{
    const SynthOptions *o = run->o;
    if (o->people == 0 || o->people > UINT64_C(100000000))
        return error_set(err, ERR_USAGE, "the number of people must be 1 to 100,000,000");
    TRY(world_make(o, &run->world, err));
    TRY(plan_make(&run->world, o, &run->plan, err));
    TRY(codes_read(&run->plan, &run->world, &run->codes, err));
    TRY(mem_zalloc(
        (size_t)WAVE_PARTITIONS * run->plan.file_count, sizeof *run->row_base, (void **)&run->row_base, err));
    for (size_t i = 0; i < WAVE_PARTITIONS; i++)
        TRY(sink_init(&run->sinks[i], &run->world, &run->plan, err));
    TRY(plan_open(&run->plan, err));
    TRY(open_truth(run, err));
    TRY(write_employers(&run->world, &run->plan, &run->codes, err));
    return progress_new(o->progress, "synth", o->people, "people", &run->progress, err);
}

static Status run_waves(Run *run, Error *err)
{
    uint64_t partitions = (run->o->people + PARTITION_PEOPLE - 1) / PARTITION_PEOPLE;
    for (uint64_t p = 0; p < partitions; p += WAVE_PARTITIONS) {
        run->first_partition = p;
        run->wave = (size_t)(partitions - p < WAVE_PARTITIONS ? partitions - p : WAVE_PARTITIONS);
        TRY(run_wave(run, err));
    }
    return OK;
}

static Status close_all(Run *run, Status st, SynthReport *out, Error *err)
{
    for (size_t i = 0; i < TRUTH_COUNT; i++) {
        if (!run->truth[i])
            continue;
        if (st == OK)
            st = writer_close(run->truth[i], WRITER_NO_SYNC, err);
        else
            writer_abandon(run->truth[i]);
    }
    Status closed = plan_close(&run->plan, st == OK ? PLAN_KEEP : PLAN_ABANDON, out, err);
    return st == OK ? closed : st;
}

static void run_free(Run *run)
{
    progress_done(run->progress);
    for (size_t i = 0; i < WAVE_PARTITIONS; i++)
        if (run->sinks[i].plan)
            sink_free(&run->sinks[i]);
    mem_free(run->row_base);
    world_free(&run->world);
    mem_free(run);
}

Status synth_state(const SynthOptions *options, SynthReport *out, Error *err)
{
    Run *run = NULL;
    memset(out, 0, sizeof *out);
    TRY(mem_zalloc(1, sizeof *run, (void **)&run, err));
    run->o = options;
    arena_init(&run->world.arena, 0);
    Status st = prepare(run, err);
    if (st == OK)
        st = run_waves(run, err);
    st = close_all(run, st, out, err);
    if (st == OK) {
        out->people = options->people;
        out->files += TRUTH_COUNT;
        out->bytes += run->truth_bytes;
        log_line(options->log, LOG_INFO, "synth people=%" PRIu64 " files=%" PRIu64 " rows=%" PRIu64 " bytes=%" PRIu64,
            out->people, out->files, out->rows, out->bytes);
    }
    run_free(run);
    return st;
}
