package org.mapfiles.saved;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.mapfiles.MalformedMapsException;

/**
 * Reads the mappings and the threads of a core file: core(5), kernel fs/binfmt_elf.c (NT_FILE, NT_PRSTATUS, NT_SIGINFO,
 * NT_PRPSINFO, NT_AUXV). Program headers are the mappings, with permissions; NT_FILE adds files and offsets.
 */
final class CoreFile {
    private static final int NT_PRSTATUS = 1;
    private static final int NT_PRPSINFO = 3;
    private static final int NT_AUXV = 6;
    private static final int NT_SIGINFO = 0x53494749;
    private static final int NT_FILE = 0x46494c45;
    private static final int AT_SYSINFO_EHDR = 33;
    /** The number of program headers is in the first section header (elf(5), e_phnum). */
    private static final int PN_XNUM = 0xffff;

    /** Maximum of mappings, as of lines of text; vm.max_map_count is 65,530 unless it is raised. */
    private static final int MAX_SEGMENTS = 1 << 21;
    /** The kernel's limit is kernel.core_file_note_size_limit, at most 16 MiB. */
    private static final int MAX_NOTE = 1 << 26;

    /** The vdso has a few pages. */
    private static final int MAX_VDSO = 1 << 20;

    private static final int MAX_THREADS = 1 << 16;
    /** Maximum number of reads, and of bytes that they read. */
    private static final int MAX_READS = 1 << 22;

    private static final long MAX_READ_BYTES = 1L << 31;

    /** A segment of the file: a range of memory, and its content if it was saved. */
    private record Segment(long start, long end, int flags, long position, long saved) {}

    /** An entry of NT_FILE. */
    private record NamedRange(long start, long end, long offset, byte[] name) {}

    private final FileChannel channel;
    private final Problems problems;
    private final MapsLines maps;
    private final Crash.Builder crash = new Crash.Builder();
    private final List<Segment> segments = new ArrayList<>();
    private final List<NamedRange> files = new ArrayList<>();
    private final List<Crash.Address> threads = new ArrayList<>();
    private final Map<Long, byte[]> buildIds = new HashMap<>();
    private byte @Nullable [] vdsoContent;
    private final Set<Long> withoutPermissions = new HashSet<>();
    private Crash.@Nullable Address fault;
    private long pid = -1;
    /** Address of the vdso; 0: unknown, or there is none. */
    private long vdso;

    private @Nullable ThreadRegisters layout;
    private long readsLeft;
    private long bytesLeft;
    private boolean isAtMaximum;

    CoreFile(FileChannel channel, MapsLines maps, Problems problems) {
        this.channel = channel;
        this.maps = maps;
        this.problems = problems;
    }

    /** Returns bytes of the file; fewer at its end, and none after the maximum of reads. */
    private ByteBuffer read(long position, int length) throws IOException {
        int count = position < 0 ? 0 : (int) Math.max(0, Math.min(length, channel.size() - position));
        if (readsLeft == 0 || bytesLeft < count) {
            if (!isAtMaximum) {
                problems.addLack(0, "the core file is not read to its end: its parts overlap, or it has too many");
            }
            isAtMaximum = true;
            return ByteBuffer.allocate(0);
        }
        readsLeft--;
        bytesLeft -= count;
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.nativeOrder());
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
            continue;
        }
        return bytes.flip();
    }

    /**
     * Limits the work by the size of the file. Without a limit, many segments of a malicious file could lead to the
     * same notes. The shortest note takes 20 bytes and three reads.
     */
    private void setMaxima() throws IOException {
        readsLeft = Math.min(MAX_READS, 4096 + channel.size() / 4);
        bytesLeft = Math.min(MAX_READ_BYTES, (1 << 20) + 2 * channel.size());
    }

    void read() throws IOException {
        setMaxima();
        ByteBuffer header = ElfNotes.header(this::read);
        if (header == null) {
            throw malformed("is an ELF file that is cut, or of 32 bits, or of another byte order");
        }
        if (header.getShort(16) != ElfNotes.TYPE_CORE) {
            throw malformed("is a program or a library, not a core file");
        }
        layout = ThreadRegisters.of(Short.toUnsignedInt(header.getShort(18)));
        readSegments(header);
        writeMappings();
        readBuildIds();
        readVdso();
    }

    private static MalformedMapsException malformed(String reason) {
        return new MalformedMapsException("the file " + reason, 1);
    }

    private void readSegments(ByteBuffer header) throws IOException {
        long count = Short.toUnsignedLong(header.getShort(56));
        if (count == PN_XNUM) {
            ByteBuffer section = read(header.getLong(40), ElfNotes.HEADER);
            count = section.remaining() < ElfNotes.HEADER ? 0 : Integer.toUnsignedLong(section.getInt(44));
        }
        if (header.getShort(54) != ElfNotes.PROGRAM_HEADER || count > MAX_SEGMENTS) {
            throw malformed("has program headers of another size, or too many");
        }
        for (long i = 0; i < count; i++) {
            ByteBuffer segment = read(header.getLong(32) + i * ElfNotes.PROGRAM_HEADER, ElfNotes.PROGRAM_HEADER);
            if (isAtMaximum) {
                return;
            }
            if (segment.remaining() < ElfNotes.PROGRAM_HEADER) {
                problems.addLack(0, "the core file is cut: it has " + i + " of " + count + " program headers");
                return;
            }
            segment(segment);
        }
    }

    private void segment(ByteBuffer header) throws IOException {
        long position = header.getLong(8);
        long saved = header.getLong(32);
        if (header.getInt(0) == ElfNotes.PT_NOTE) {
            if (position < 0 || saved < 0 || saved > channel.size() - position) {
                problems.add(0, "the core file is cut: its notes are missing");
            }
            ElfNotes.visit(this::read, position, Math.max(saved, 0), this::note);
        } else if (header.getInt(0) == ElfNotes.PT_LOAD) {
            long start = header.getLong(16);
            segments.add(new Segment(start, start + header.getLong(40), header.getInt(4), position, saved));
        }
    }

    private boolean note(String name, int type, long position, long length) throws IOException {
        if (name.equals("CORE") && length <= MAX_NOTE) {
            ByteBuffer note = type == NT_PRSTATUS
                            || type == NT_FILE
                            || type == NT_SIGINFO
                            || type == NT_PRPSINFO
                            || type == NT_AUXV
                    ? read(position, (int) length)
                    : ByteBuffer.allocate(0);
            if (type == NT_PRSTATUS) {
                thread(note);
            } else if (type == NT_FILE && files.isEmpty()) {
                files(note);
            } else if (type == NT_SIGINFO && note.remaining() >= 24) {
                signal(note);
            } else if (type == NT_PRPSINFO && note.remaining() >= 136) {
                pid = note.getInt(24);
                crash.commandLine = ElfNotes.text(note.slice(56, 80));
            } else if (type == NT_AUXV) {
                auxiliary(note);
            }
        }
        return true;
    }

    /** The kernel writes the thread that crashed first. */
    private void thread(ByteBuffer note) {
        if (layout == null || note.remaining() < layout.size() || threads.size() >= MAX_THREADS) {
            problems.add(0, layout == null ? "the registers of this machine are not known" : "a thread is left out");
            return;
        }
        if (crash.tid < 0) {
            crash.tid = Integer.toUnsignedLong(note.getInt(32));
            int number = note.getShort(12);
            crash.signal = number == 0 ? "" : ThreadRegisters.signal(number);
            crash.addresses.add(Crash.Address.known(Crash.Address.Role.PC, "pc", layout.pc(note), ""));
            for (int i = 0; i < layout.names().size(); i++) {
                threads.add(Crash.Address.known(
                        Crash.Address.Role.REGISTER, layout.names().get(i), layout.value(note, i), ""));
            }
        } else {
            String tid = Integer.toUnsignedString(note.getInt(32));
            threads.add(Crash.Address.known(Crash.Address.Role.THREAD, tid, layout.pc(note), ""));
        }
    }

    private void signal(ByteBuffer note) {
        int number = note.getInt(0);
        int code = note.getInt(8);
        String name = ThreadRegisters.code(number, code);
        if (crash.signal.isEmpty() && number > 0) {
            crash.signal = ThreadRegisters.signal(number);
        }
        if (fault == null && ThreadRegisters.isFault(number, code)) {
            fault = ThreadRegisters.hasAddress(code)
                    ? Crash.Address.known(Crash.Address.Role.FAULT, "si_addr", note.getLong(16), name)
                    : Crash.Address.unknown(
                            Crash.Address.Role.FAULT, "si_addr", name, ThreadRegisters.NO_FAULT_ADDRESS);
        }
    }

    private void auxiliary(ByteBuffer note) {
        while (note.remaining() >= 2 * Long.BYTES) {
            long type = note.getLong();
            long value = note.getLong();
            vdso = type == AT_SYSINFO_EHDR ? value : vdso;
        }
    }

    /** The note has a count, a page size, then start, end and page offset of each mapping, then the names. */
    private void files(ByteBuffer note) {
        long count = note.remaining() < 16 ? 0 : note.getLong(0);
        long pageSize = count == 0 ? 0 : note.getLong(8);
        if (count < 0 || count > (note.remaining() - 16) / 24) {
            problems.add(0, "the list of mapped files in the core file is cut");
            return;
        }
        int name = 16 + (int) count * 24;
        for (int i = 0; i < count; i++) {
            int end = name;
            while (end < note.limit() && note.get(end) != 0) {
                end++;
            }
            if (end == note.limit()) {
                problems.add(0, "the names of mapped files in the core file are cut");
                return;
            }
            byte[] bytes = new byte[end - name];
            note.get(name, bytes);
            int at = 16 + i * 24;
            files.add(new NamedRange(note.getLong(at), note.getLong(at + 8), note.getLong(at + 16) * pageSize, bytes));
            name = end + 1;
        }
    }

    /**
     * Writes the mappings as text of maps, which the native parser reads: device and inode are 0, since a core file has
     * none.
     */
    private void writeMappings() {
        segments.sort((one, other) -> Long.compareUnsigned(one.start, other.start));
        files.sort((one, other) -> Long.compareUnsigned(one.start, other.start));
        int next = 0;
        for (Segment segment : segments) {
            while (next < files.size() && Long.compareUnsigned(files.get(next).start, segment.start) < 0) {
                next = unsaved(next);
            }
            NamedRange file = next < files.size() && files.get(next).start == segment.start ? files.get(next) : null;
            if (file != null) {
                next++;
            }
            mapping(segment.start, segment.end, segment.flags, file);
        }
        while (next < files.size()) {
            next = unsaved(next);
        }
    }

    /** Writes a file mapping that has no segment. Some writers of core files leave out those that cannot be read. */
    private int unsaved(int index) {
        NamedRange file = files.get(index);
        mapping(file.start, file.end, 0, file);
        withoutPermissions.add(file.start);
        return index + 1;
    }

    private void mapping(long start, long end, int flags, @Nullable NamedRange file) {
        String permissions =
                ((flags & 4) != 0 ? "r" : "-") + ((flags & 2) != 0 ? "w" : "-") + ((flags & 1) != 0 ? "x" : "-") + "p";
        String head =
                String.format("%08x-%08x %s %08x 00:00 0 ", start, end, permissions, file == null ? 0 : file.offset);
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        line.writeBytes(head.getBytes(StandardCharsets.US_ASCII));
        byte[] name = file != null
                ? escaped(file.name)
                : vdso != 0 && start == vdso ? "[vdso]".getBytes(StandardCharsets.US_ASCII) : new byte[0];
        for (int column = head.length(); name.length > 0 && column < 73; column++) {
            line.write(' ');
        }
        line.writeBytes(name);
        maps.add(line.toByteArray(), line.size(), 0, true);
    }

    /** Escapes newlines, as the kernel does in maps. */
    private static byte[] escaped(byte[] name) {
        ByteArrayOutputStream escaped = new ByteArrayOutputStream(name.length);
        for (byte b : name) {
            if (b == '\n') {
                escaped.writeBytes("\\012".getBytes(StandardCharsets.US_ASCII));
            } else {
                escaped.write(b);
            }
        }
        return escaped.toByteArray();
    }

    /**
     * Reads the build IDs of files from the memory that was saved. By default the kernel saves the first page of each
     * ELF file.
     */
    private void readBuildIds() throws IOException {
        Map<Long, Segment> byStart = new HashMap<>();
        segments.forEach(segment -> byStart.put(segment.start, segment));
        for (NamedRange file : files) {
            Segment segment = file.offset == 0 ? byStart.get(file.start) : null;
            if (segment != null && segment.saved > 0) {
                byte[] id = ElfNotes.buildId(
                        (position, length) -> position < 0 || position >= segment.saved
                                ? ByteBuffer.allocate(0)
                                : read(segment.position + position, (int) Math.min(length, segment.saved - position)),
                        true);
                if (id.length > 0) {
                    buildIds.put(file.start, id);
                }
            }
        }
    }

    /** The kernel saves the vdso whole, with any filter (always_dump_vma(), fs/coredump.c). */
    private void readVdso() throws IOException {
        for (Segment segment : segments) {
            long size = segment.end - segment.start;
            if (vdso != 0 && segment.start == vdso && size == segment.saved && size > 0 && size <= MAX_VDSO) {
                ByteBuffer content = read(segment.position, (int) size);
                if (content.remaining() == size) {
                    vdsoContent = new byte[(int) size];
                    content.get(vdsoContent);
                }
                return;
            }
        }
    }

    /** Returns the content of the vdso; null: the file does not have it whole. */
    byte @Nullable [] vdso() {
        return vdsoContent;
    }

    long pid() {
        return pid;
    }

    /** Returns the starts of mappings whose permissions are unknown. */
    Set<Long> withoutPermissions() {
        return withoutPermissions;
    }

    /** Returns the build IDs of files by the address of their first byte. */
    Map<Long, byte[]> buildIds() {
        return buildIds;
    }

    Crash crash() {
        if (fault != null) {
            crash.addresses.add(fault);
        }
        crash.addresses.addAll(threads);
        return crash.build();
    }

    /** Returns whether bytes are the beginning of an ELF file. */
    static boolean isElf(byte[] bytes) {
        return ElfNotes.isElf(Arrays.copyOf(bytes, 4), bytes.length);
    }
}
