package org.mapfiles.cli.output;

import java.util.List;

/** Makes the tables of a page, for readers without JavaScript. */
final class PageTable {
    private final StringBuilder html = new StringBuilder();
    private final int maximum;

    private PageTable(int maximum) {
        this.maximum = maximum;
    }

    /**
     * Returns the tables of the states.
     *
     * @param maximum number of characters of all rows; the tables state how many mappings they leave out
     */
    static String of(List<PageState> states, int maximum) {
        PageTable table = new PageTable(maximum / states.size());
        states.forEach(table::add);
        return table.html.toString();
    }

    private void add(PageState state) {
        html.append("<table><caption>")
                .append(escape(state.label()))
                .append(state.time() == null ? "" : ", " + escape(state.time()))
                .append("</caption>\n<thead><tr><th>Range<th>Perms<th>Size<th>Resident<th>")
                .append(state.samples() == null ? "" : "Samples<th>")
                .append("Use<th>Name</thead><tbody>\n");
        int begin = html.length();
        int rows = 0;
        for (PageMapping mapping : state.mappings()) {
            if (html.length() - begin > maximum) {
                break;
            }
            addRow(mapping, state.samples() == null ? -1 : state.samples().counts()[rows]);
            rows++;
        }
        html.append("</tbody></table>\n");
        if (rows < state.mappings().size()) {
            html.append("<p>")
                    .append(state.mappings().size() - rows)
                    .append(" more mappings are in the charts, and in the output of <code>mapfiles maps</code>.</p>\n");
        }
        if (state.samples() != null && state.samples().unmapped() > 0) {
            html.append("<p>").append(state.samples().unmapped()).append(" samples are in no mapping.</p>\n");
        }
        if (!state.changes().isEmpty()) {
            html.append("<p>The table is the state at the start. The slider shows ")
                    .append(state.changes().size())
                    .append(" changes after it.</p>\n");
        }
    }

    /** End tags of rows and cells are optional in HTML. */
    private void addRow(PageMapping mapping, long samples) {
        StateEntry entry = mapping.entry();
        html.append("<tr><td>")
                .append(Long.toHexString(mapping.start()))
                .append('-')
                .append(Long.toHexString(mapping.end()))
                .append("<td>")
                .append(escape(entry.perms()))
                .append("<td>")
                .append(Sizes.human(mapping.end() - mapping.start()))
                .append("<td>")
                .append(mapping.rss() < 0 ? "?" : Sizes.human(mapping.rss()))
                .append(samples < 0 ? "" : "<td>" + samples)
                .append("<td>")
                .append(escape(mapping.region() == null ? entry.kind() : mapping.region()))
                .append("<td>")
                .append(escape(PageData.name(entry)))
                .append('\n');
    }

    /** Returns text of an HTML element or of an attribute in quotation marks. */
    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
