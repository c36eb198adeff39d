/* The frame of papers: web/templates/paper.html. */
#include "publish/paper.h"

#include "publish/templates.h"

Status paper_write(const Paper *p, Buf *out, Error *err)
{
    TmplPaperSections *sections;
    TRY(mem_zalloc(p->section_count + 1, sizeof *sections, (void **)&sections, err));
    for (size_t i = 0; i < p->section_count; i++)
        sections[i] = (TmplPaperSections){.anchor = p->sections[i].anchor, .title = p->sections[i].title};
    const TmplPaper v = {.language = p->language,
        .title = p->title,
        .site = p->site,
        .kicker = p->kicker,
        .lead = p->lead,
        .is_inside = p->is_inside,
        .sections = sections,
        .sections_count = p->section_count,
        .body = p->body,
        .foot = p->foot,
        .version = SLICE(CAIRN_VERSION)};
    tmpl_paper(out, &v);
    mem_free(sections);
    return buf_status(out, err);
}
