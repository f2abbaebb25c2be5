package org.mapfiles.symbols;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.mapfiles.MalformedMapsException;
import org.mapfiles.MapFilter;
import org.mapfiles.MapSnapshot;
import org.mapfiles.NotEnoughMemoryException;

/** The segments of a file, and its sections with code, as readelf prints them. */
final class ProgramHeaders {
    private static final Pattern LOAD = Pattern.compile(
            "\\s*LOAD\\s+0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x[0-9a-f]+ ([R ])([W ])([E ]).*");
    private static final long PAGE = 4096;
    /** Column of the name in /proc/PID/maps. */
    private static final int NAME_COLUMN = 73;

    record Segment(long offset, long address, long fileSize, String permissions) {
        long start() {
            return address & -PAGE;
        }

        long end() {
            return address + fileSize + PAGE - 1 & -PAGE;
        }
    }

    private static final Pattern CODE = Pattern.compile(
            ".* (?:PROGBITS|NOBITS) +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) [0-9a-f]+ +[A-Za-z]*AX[A-Za-z]* .*");

    /** Bytes of the file, at ELF addresses. */
    private record Range(long address, long size) {}

    private final List<Segment> segments = new ArrayList<>();
    private final List<Range> code = new ArrayList<>();
    private boolean hasFixedAddress;

    static ProgramHeaders read(Path file) throws IOException, InterruptedException {
        ProgramHeaders headers = new ProgramHeaders();
        for (String line : Tool.run(List.of(), "readelf", "-lW", file.toString())) {
            Matcher load = LOAD.matcher(line);
            if (load.matches() && hex(load.group(3)) > 0) {
                headers.segments.add(new Segment(
                        hex(load.group(1)),
                        hex(load.group(2)),
                        hex(load.group(3)),
                        (load.group(4) + load.group(5) + load.group(6))
                                        .replace('R', 'r')
                                        .replace('W', 'w')
                                        .replace('E', 'x')
                                        .replace(' ', '-')
                                + "p"));
            }
            headers.hasFixedAddress |= line.startsWith("Elf file type is EXEC");
        }
        for (String line : Tool.run(List.of(), "readelf", "-SW", file.toString())) {
            Matcher section = CODE.matcher(line);
            if (section.matches()) {
                headers.code.add(new Range(hex(section.group(1)), hex(section.group(2))));
            }
        }
        return headers;
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text, 16);
    }

    /** Returns a load bias that the kernel could choose. */
    long loadBias(Random random) {
        return hasFixedAddress ? 0 : 0x7f0000000000L + random.nextInt(1 << 20) * PAGE;
    }

    boolean isCode(long elfAddress) {
        return code.stream().anyMatch(section -> Long.compareUnsigned(elfAddress - section.address, section.size) < 0);
    }

    /** Returns the mappings that a loader makes. Of two segments in one page, the later one covers it. */
    MapSnapshot mappings(Path file, long bias) throws MalformedMapsException, NotEnoughMemoryException {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < segments.size(); i++) {
            Segment segment = segments.get(i);
            long next = i + 1 < segments.size() ? segments.get(i + 1).start() : Long.MAX_VALUE;
            long end = Math.min(segment.end(), next);
            if (segment.start() < end) {
                String head = String.format(
                        "%08x-%08x %s %08x 08:01 77",
                        segment.start() + bias, end + bias, segment.permissions, segment.offset & -PAGE);
                text.append(head)
                        .append(" ".repeat(NAME_COLUMN - head.length()))
                        .append(file)
                        .append('\n');
            }
        }
        return MapSnapshot.ofText(text.toString().getBytes(StandardCharsets.UTF_8), MapFilter.all());
    }

    /** Returns ELF addresses of bytes of the file at random: in all segments, or in the sections with code. */
    long[] randomAddresses(Random random, int count, boolean isOnlyCode) {
        List<Range> from = isOnlyCode
                ? code
                : segments.stream()
                        .map(segment -> new Range(segment.address, segment.fileSize))
                        .toList();
        long total = from.stream().mapToLong(Range::size).sum();
        long[] addresses = new long[count];
        for (int i = 0; i < count; i++) {
            long at = (long) (random.nextDouble() * total);
            for (Range range : from) {
                if (at < range.size) {
                    addresses[i] = range.address + at;
                    break;
                }
                at -= range.size;
            }
        }
        return addresses;
    }
}
