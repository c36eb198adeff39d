/*
 * Person files with known truth, to measure linkage on: any number of rows, same seed, same bytes.
 *
 *   gen_people ROWS SEED POLICY_FOLDER OUT.csv
 *
 * Columns: id, first_name, last_name, birth_date, postal_code, city, sex, cluster (who it really is). Households are
 * drawn one after the other, each from its own stream of random numbers, until the rows are reached; then the rows are
 * shuffled.
 *
 * Parameters, all assumed, in parts per million where not said otherwise:
 *   household  1 to 5 people (30, 33, 15, 14, 8 %); one surname for 85 % of its members; one ZIP; children 20 to 40
 * years younger; 15,000 of children have a twin, who lives there too names      first names and the commoner surnames
 * with their counts from policy/.../synth; half of the families have a rare name instead, made of two halves of common
 * ones, so that the tail is as long as in life place      1,000 ZIP codes of Zipf weights, a city for each eight
 *   records    of a person: 1 (80 %), 2 (16 %), 3 (3 %), 4 (1 %): 1.25 on average
 *   errors     in every record: first name missing 5,000, nickname 40,000, initial 8,000, typo 25,000; last name
 * missing 3,000, other surname 15,000 (30,000 of women after marriage), double surname 6,000, typo 25,000; first and
 *              last name swapped 4,000; date missing 15,000, digit 12,000, day and month swapped 6,000, off by up to
 *              three days 4,000; ZIP missing 20,000, moved 80,000 (city with it), digit 10,000; city missing 20,000,
 * typo 15,000; sex missing 15,000, wrong 3,000 typo       one of: letter left out, doubled, replaced, inserted, two
 * neighbours swapped
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

#define PLACES 1000
#define PEOPLE_MAX 12 /* of a household */

typedef struct Names {
    const char **text;
    uint64_t *cumulative;
    uint32_t count;
} Names;

typedef struct World {
    Arena arena;
    Names first[2], last; /* first: male, female */
    Map nicknames;        /* of a first name: index + 1 of its first nickname in nickname_list */
    CsvTable nickname_list;
    CsvTable counties;
    uint64_t place[PLACES];
} World;

typedef struct Person {
    char first[32], last[40];
    Date born;
    uint32_t place;
    bool female;
} Person;

typedef struct Output {
    Buf text;
    VEC(uint64_t) starts; /* of each row in text */
    uint64_t rows_max;
} Output;

static void must(Status st, const Error *err)
{
    if (st == OK)
        return;
    char line[1200];
    error_print(err, line, sizeof line);
    fprintf(stderr, "gen_people: %s\n", line);
    exit(1);
}

/* --- the world ------------------------------------------------------------------------------------------------- */

/* Names of one sex, or all when sex is NULL. */
static void read_names(World *w, const CsvTable *t, const char *column, const char *sex, Names *out)
{
    Error err = ERROR_INIT;
    size_t name = 0, count = 0, kind = 0;
    must(csv_column(t, column, &name, &err), &err);
    must(csv_column(t, "count", &count, &err), &err);
    if (sex)
        must(csv_column(t, "sex", &kind, &err), &err);
    must(arena_new(&w->arena, const char *, t->rows, &out->text, &err), &err);
    must(arena_new(&w->arena, uint64_t, t->rows, &out->cumulative, &err), &err);
    uint64_t total = 0;
    for (size_t i = 0; i < t->rows; i++) {
        const Slice *row = t->cells + i * t->columns;
        uint64_t n = 0;
        if (sex && !slice_eq_z(row[kind], sex))
            continue;
        must(parse_u64(row[count], &n, &err), &err);
        total += n;
        out->text[out->count] = row[name].ptr;
        out->cumulative[out->count++] = total;
    }
}

static void read_table(World *w, const char *folder, const char *name, CsvTable *out)
{
    Error err = ERROR_INIT;
    const char *path = NULL;
    must(arena_printf(&w->arena, &path, &err, "%s/%s", folder, name), &err);
    must(csv_read(path, &w->arena, out, &err), &err);
}

static void world_init(World *w, const char *policy)
{
    Error err = ERROR_INIT;
    CsvTable t;
    memset(w, 0, sizeof *w);
    arena_init(&w->arena, 0);
    must(map_init(&w->nicknames, &err), &err);
    read_table(w, policy, "synth/first_names.csv", &t);
    read_names(w, &t, "name", "M", &w->first[0]);
    read_names(w, &t, "name", "F", &w->first[1]);
    read_table(w, policy, "synth/surnames.csv", &t);
    read_names(w, &t, "surname", NULL, &w->last);
    read_table(w, policy, "reference/counties.csv", &w->counties);
    read_table(w, policy, "synth/nicknames.csv", &w->nickname_list);
    for (size_t i = 0; i < w->nickname_list.rows; i++) {
        uint64_t old = 0;
        Slice name = w->nickname_list.cells[i * w->nickname_list.columns];
        must(map_get_or_put(&w->nicknames, name, i + 1, &old, &err), &err);
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < PLACES; i++)
        w->place[i] = total += 1000000 / (i + 10);
}

/* In capitals; cut to fit. */
static void copy_text(char *out, size_t size, const char *text)
{
    size_t n = 0;
    for (; text[n] && n + 1 < size; n++)
        out[n] = text[n] >= 'a' && text[n] <= 'z' ? (char)(text[n] - 32) : text[n];
    out[n] = '\0';
}

/* Half of the families have a rare name: the first half of one common surname, the second of another. */
static void draw_surname(const World *w, Rng *r, char out[40])
{
    const char *a = w->last.text[rng_pick(r, w->last.cumulative, w->last.count)];
    if (rng_ppm(r, 500000)) {
        copy_text(out, 40, a);
        return;
    }
    const char *b = w->last.text[rng_below(r, w->last.count)];
    a = w->last.text[rng_below(r, w->last.count)];
    size_t cut = strlen(b) / 2;
    char joined[40];
    snprintf(joined, sizeof joined, "%.*s%s", (int)((strlen(a) + 1) / 2), a, b + cut);
    copy_text(out, 40, joined);
}

static void draw_first(const World *w, Rng *r, Person *p)
{
    const Names *names = &w->first[p->female];
    copy_text(p->first, sizeof p->first, names->text[rng_pick(r, names->cumulative, names->count)]);
}

/* --- people ---------------------------------------------------------------------------------------------------- */

static uint32_t draw_household(const World *w, Rng *r, Person people[PEOPLE_MAX])
{
    static const uint64_t sizes[] = {30, 63, 78, 92, 100};
    uint32_t size = rng_pick(r, sizes, COUNT_OF(sizes)) + 1, count = 0;
    char family[40];
    Date parent = (Date)rng_between(r, -14600, 11000); /* 1930 to early 2000 */
    uint32_t place = rng_pick(r, w->place, PLACES);
    draw_surname(w, r, family);
    for (uint32_t i = 0; i < size; i++) {
        Person *p = &people[count++];
        p->female = i == 0 ? rng_ppm(r, 500000) : i == 1 ? !people[0].female : rng_ppm(r, 500000);
        p->place = place;
        copy_text(p->last, sizeof p->last, family);
        if (i > 0 && !rng_ppm(r, 850000))
            draw_surname(w, r, p->last);
        p->born = i < 2 ? parent + (Date)rng_between(r, -2500, 2500) : parent + (Date)rng_between(r, 7300, 14600);
        while (p->born > 20400) /* nobody is born after 2025 */
            p->born -= 3650;
        draw_first(w, r, p);
        if (i >= 2 && rng_ppm(r, 15000)) {
            Person *twin = &people[count++];
            *twin = *p;
            twin->female = rng_ppm(r, 300000) ? !p->female : p->female;
            do
                draw_first(w, r, twin);
            while (strcmp(twin->first, p->first) == 0);
        }
    }
    return count;
}

/* --- errors ---------------------------------------------------------------------------------------------------- */

static char letter(Rng *r)
{
    return (char)('A' + rng_below(r, 26));
}

static void typo(Rng *r, char *text, size_t size)
{
    size_t n = strlen(text);
    if (n < 2 || n + 2 > size)
        return;
    size_t at = (size_t)rng_below(r, n);
    switch (rng_below(r, 5)) {
    case 0:
        memmove(text + at, text + at + 1, n - at);
        break;
    case 1:
    case 2: /* doubled, or another letter */
        memmove(text + at + 1, text + at, n - at + 1);
        if (rng_ppm(r, 500000))
            text[at] = letter(r);
        break;
    case 3:
        text[at] = letter(r);
        break;
    default:
        at = at + 1 < n ? at : at - 1;
        char c = text[at];
        text[at] = text[at + 1];
        text[at + 1] = c;
    }
}

static void wrong_digit(Rng *r, char *text)
{
    size_t at;
    do
        at = (size_t)rng_below(r, strlen(text));
    while (text[at] < '0' || text[at] > '9');
    text[at] = (char)('0' + (text[at] - '0' + 1 + (int)rng_below(r, 9)) % 10);
}

static void spoil_names(const World *w, Rng *r, const Person *p, char *first, char *last)
{
    uint64_t nickname = 0;
    char title[32];
    memcpy(title, p->first, sizeof title);
    for (char *c = title + 1; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    if (rng_ppm(r, 40000) && map_get(&w->nicknames, slice_of(title), &nickname)) {
        uint64_t row = nickname - 1, of = 1;
        const CsvTable *t = &w->nickname_list;
        while (row + of < t->rows && slice_eq(t->cells[row * t->columns], t->cells[(row + of) * t->columns]))
            of++;
        copy_text(first, 32, t->cells[(row + rng_below(r, of)) * t->columns + 1].ptr);
    }
    if (rng_ppm(r, 8000))
        first[1] = '\0';
    if (rng_ppm(r, 25000))
        typo(r, first, 32);
    if (rng_ppm(r, p->female ? 30000 : 0) || rng_ppm(r, 15000))
        draw_surname(w, r, last);
    else if (rng_ppm(r, 6000)) {
        char other[40], joined[96];
        draw_surname(w, r, other);
        snprintf(joined, sizeof joined, "%s-%s", last, other);
        snprintf(last, 40, "%.39s", joined);
    }
    if (rng_ppm(r, 25000))
        typo(r, last, 40);
    if (rng_ppm(r, 4000)) {
        char keep[40];
        snprintf(keep, sizeof keep, "%s", first);
        snprintf(first, 32, "%.31s", last);
        snprintf(last, 40, "%s", keep);
    }
    if (rng_ppm(r, 5000))
        first[0] = '\0';
    if (rng_ppm(r, 3000))
        last[0] = '\0';
}

static void spoil_date(Rng *r, Date born, char out[11])
{
    int year = 0, month = 0, day = 0;
    if (rng_ppm(r, 4000))
        born += (Date)rng_between(r, -3, 3);
    date_civil(born, &year, &month, &day);
    if (rng_ppm(r, 6000) && day <= 12) {
        int keep = day;
        day = month;
        month = keep;
    }
    snprintf(out, 11, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100, (unsigned)day % 100);
    if (rng_ppm(r, 12000))
        wrong_digit(r, out);
    if (rng_ppm(r, 15000))
        out[0] = '\0';
}

static void write_record(const World *w, Rng *r, const Person *p, uint64_t cluster, Output *o)
{
    Error err = ERROR_INIT;
    char first[32], last[40], born[11], zip[8], city[64];
    copy_text(first, sizeof first, p->first);
    copy_text(last, sizeof last, p->last);
    spoil_names(w, r, p, first, last);
    spoil_date(r, p->born, born);
    uint32_t place = rng_ppm(r, 80000) ? rng_pick(r, w->place, PLACES) : p->place;
    snprintf(zip, sizeof zip, "%05u", 80000 + place);
    const CsvTable *t = &w->counties;
    size_t county = place / 8 % t->rows;
    snprintf(city, sizeof city, "%s%s", t->cells[county * t->columns + 1].ptr, place / 8 < t->rows ? "" : " Park");
    copy_text(city, sizeof city, city);
    if (rng_ppm(r, 10000))
        wrong_digit(r, zip);
    if (rng_ppm(r, 15000))
        typo(r, city, sizeof city);
    bool female = p->female != rng_ppm(r, 3000);
    const char *sex = rng_ppm(r, 15000) ? "" : female ? "F" : "M";
    uint64_t start = o->text.len;
    must(vec_push(&o->starts, start, &err), &err);
    buf_addf(&o->text, "%s,%s,%s,%s,%s,%s,%" PRIu64 "\n", first, last, born, rng_ppm(r, 20000) ? "" : zip,
        rng_ppm(r, 20000) ? "" : city, sex, cluster);
}

/* --- the file -------------------------------------------------------------------------------------------------- */

static void draw_rows(const World *w, uint64_t seed, Output *o)
{
    static const uint64_t records[] = {80, 96, 99, 100};
    uint64_t cluster = 0;
    for (uint64_t household = 0; o->starts.len < o->rows_max; household++) {
        Rng r;
        Person people[PEOPLE_MAX];
        rng_init(&r, seed, household + 1);
        uint32_t count = draw_household(w, &r, people);
        for (uint32_t i = 0; i < count; i++, cluster++) {
            uint32_t n = rng_pick(&r, records, COUNT_OF(records)) + 1;
            for (uint32_t k = 0; k < n && o->starts.len < o->rows_max; k++)
                write_record(w, &r, &people[i], cluster, o);
        }
    }
}

int main(int argc, char **argv)
{
    Error err = ERROR_INIT;
    static World w;
    Output o = {0};
    uint64_t seed = 0;
    if (argc != 5) {
        fprintf(stderr, "usage: gen_people ROWS SEED POLICY_FOLDER OUT.csv\n");
        return 64;
    }
    must(parse_u64(slice_of(argv[1]), &o.rows_max, &err), &err);
    must(parse_u64(slice_of(argv[2]), &seed, &err), &err);
    world_init(&w, argv[3]);
    buf_init(&o.text, (size_t)1 << 36);
    draw_rows(&w, seed, &o);
    must(buf_status(&o.text, &err), &err);
    Rng r;
    rng_init(&r, seed, 0);
    for (size_t i = o.starts.len; i > 1; i--) {
        size_t k = (size_t)rng_below(&r, i);
        uint64_t keep = o.starts.at[i - 1];
        o.starts.at[i - 1] = o.starts.at[k];
        o.starts.at[k] = keep;
    }
    FileWriter *out = NULL;
    Buf line;
    buf_init(&line, 0);
    must(writer_open(argv[4], MODE_PUBLIC, &out, &err), &err);
    writer_add(out, SLICE("id,first_name,last_name,birth_date,postal_code,city,sex,cluster\n"));
    for (size_t i = 0; i < o.starts.len; i++) {
        const char *row = o.text.ptr + o.starts.at[i];
        buf_reset(&line);
        buf_add_u64(&line, i + 1);
        buf_addc(&line, ',');
        buf_add(&line, (Slice){row, (size_t)(strchr(row, '\n') - row) + 1});
        writer_add(out, buf_slice(&line));
    }
    must(writer_close(out, WRITER_NO_SYNC, &err), &err);
    buf_free(&line);
    buf_free(&o.text);
    vec_free(&o.starts);
    map_free(&w.nicknames);
    arena_free(&w.arena);
    return 0;
}
