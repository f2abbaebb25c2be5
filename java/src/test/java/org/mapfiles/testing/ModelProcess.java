package org.mapfiles.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A simulated process. Its mappings merge and split as those of the kernel do, and it reports what the kernel reports:
 * mmap and mprotect with the whole mapping as it is then, and execve. munmap, mremap and madvise cause no event.
 */
public final class ModelProcess {
    public static final int PAGES = 24;
    private static final int FILES = 3;

    /**
     * The content of a page. A neighbouring page with the same content belongs to the same mapping.
     *
     * @param firstByte the file offset that address 0 would have
     */
    private record Page(int file, String permissions, long firstByte, boolean isMarked) {
        Page with(String others) {
            return new Page(file, others, firstByte, isMarked);
        }
    }

    /** Receives events. */
    public interface Listener {
        void mapped(MapsLine mapping);

        void executed();
    }

    /** Ignores events. */
    public static final Listener SILENT = new Listener() {
        @Override
        public void mapped(MapsLine mapping) {
            // ignored
        }

        @Override
        public void executed() {
            // ignored
        }
    };

    private final Random random;
    private final Listener listener;
    private final Page[] pages = new Page[PAGES];
    private final List<List<MapsLine>> history = new ArrayList<>();

    public ModelProcess(Random random, Listener listener) {
        this.random = random;
        this.listener = listener;
        history.add(lines());
    }

    /** Returns the time: the number of changes so far. */
    public long time() {
        return history.size() - 1L;
    }

    /** Returns the mappings at a time. */
    public List<MapsLine> at(long time) {
        return history.get((int) time);
    }

    public List<MapsLine> lines() {
        List<MapsLine> lines = new ArrayList<>();
        for (int from = 0; from < PAGES; ) {
            int end = endOf(from);
            if (pages[from] != null) {
                lines.add(line(from, end));
            }
            from = end;
        }
        return lines;
    }

    private int endOf(int from) {
        int to = from + 1;
        while (to < PAGES && pages[from] != null && pages[from].equals(pages[to])) {
            to++;
        }
        return pages[from] == null ? from + 1 : to;
    }

    private MapsLine line(int from, int end) {
        Page page = pages[from];
        return page.file == 0
                ? new MapsLine(address(from), address(end), page.permissions, 0, 0, 0, 0, "")
                : new MapsLine(
                        address(from),
                        address(end),
                        page.permissions,
                        address(from) - page.firstByte,
                        8,
                        1,
                        page.file,
                        "/" + page.file);
    }

    public static long address(int page) {
        return (page + 64L) * MapsLine.PAGE;
    }

    /** Lets a unit of time pass without a change. */
    public void rest() {
        history.add(lines());
    }

    /** Makes one change at random. */
    public void change() {
        int from = random.nextInt(PAGES);
        int end = from + 1 + random.nextInt(Math.min(PAGES - from, 8));
        switch (random.nextInt(40)) {
            case 0:
                exec();
                break;
            case 1, 2, 3, 4, 5, 6, 7, 8:
                fill(from, end, null);
                break;
            case 9, 10, 11, 12, 13, 14, 15:
                protect(from, end);
                return;
            case 16, 17, 18, 19:
                move(from, end, random.nextInt(PAGES));
                break;
            case 20, 21, 22:
                mark(from, end);
                break;
            default:
                map(from, end);
                return;
        }
        history.add(lines());
    }

    private void fill(int from, int end, Page page) {
        for (int i = from; i < end; i++) {
            pages[i] = page;
        }
    }

    private String permissions() {
        return List.of("rw-p", "r--p", "---p", "r-xp").get(random.nextInt(4));
    }

    private void map(int from, int end) {
        int file = random.nextInt(FILES);
        fill(from, end, new Page(file, permissions(), file == 0 ? 0 : address(random.nextInt(3)) - address(0), false));
        report(from);
    }

    /** The kernel protects the mappings of the range one after the other, and reports each as it is then. */
    private void protect(int from, int end) {
        String permissions = permissions();
        for (int i = from; i < end; ) {
            int next = Math.min(endOf(i), end);
            if (pages[i] != null && !pages[i].permissions.equals(permissions)) {
                fill(i, next, pages[i].with(permissions));
                report(i);
            }
            i = next;
        }
    }

    private void report(int page) {
        int from = page;
        while (from > 0 && endOf(from - 1) > page && pages[from - 1] != null) {
            from--;
        }
        MapsLine mapping = line(from, endOf(from));
        history.add(lines());
        listener.mapped(mapping);
    }

    private void move(int from, int end, int to) {
        int count = Math.min(end - from, PAGES - to);
        if (to < from + count && from < to + count) {
            return; // the kernel rejects a move onto itself
        }
        for (int i = 0; i < count; i++) {
            Page page = pages[from + i];
            pages[to + i] = page == null || page.file == 0
                    ? page
                    : new Page(
                            page.file, page.permissions, page.firstByte + address(to) - address(from), page.isMarked);
            pages[from + i] = null;
        }
    }

    /** Splits without an event, as madvise(2) does. */
    private void mark(int from, int end) {
        for (int i = from; i < end; i++) {
            Page page = pages[i];
            pages[i] = page == null ? null : new Page(page.file, page.permissions, page.firstByte, !page.isMarked);
        }
    }

    private void exec() {
        fill(0, PAGES, null);
        history.add(lines());
        listener.executed();
        for (int i = random.nextInt(3); i > 0; i--) {
            map(random.nextInt(PAGES / 2), PAGES / 2 + random.nextInt(PAGES / 2));
        }
        fill(0, 1, new Page(0, "rw-p", 0, false)); // the stack, which causes no event
    }
}
