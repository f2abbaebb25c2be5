package org.mapfiles.saved;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses an hs_err file (hs_err_pidPID.log) of HotSpot, JDK 8 to 28 on Linux: vmError.cpp, os_linux.cpp (print_dll_info
 * copies /proc/PID/maps), os_posix.cpp (siginfo), frame.cpp (frames).
 *
 * <p>A log may lack any section: a step of the writer that crashes or takes too long is left out.
 */
final class HsErrFile {
    private static final int MAX_TEXT = 4096;
    private static final int MAX_REGISTERS = 256;
    private static final int MAX_FRAMES = 4096;
    private static final String HEAD = "# A fatal error has been detected by the Java Runtime Environment:";
    /** The head if memory of the system is exhausted. */
    private static final String HEAD_OF_NO_MEMORY =
            "# There is insufficient memory for the Java Runtime Environment to continue.";
    /** Begins the section with the text of /proc/PID/maps. */
    static final String LIBRARIES = "Dynamic libraries:";

    private static final Pattern SIGNAL =
            Pattern.compile("^#\\s+(SIG\\w+) \\(0x[0-9a-f]+\\) at pc=(0x[0-9a-f]{1,16})\\b");
    private static final Pattern PID = Pattern.compile("\\bpid=(\\d{1,10}), tid=(0x[0-9a-f]{1,16}|\\d{1,19})");
    private static final Pattern FAULT = Pattern.compile("\\bsi_addr[:=]\\s*(0x[0-9a-fA-F]{1,16})\\b");
    private static final Pattern CODE = Pattern.compile("\\((SEGV|BUS|ILL|FPE|TRAP|SI)_\\w+\\)");
    private static final Pattern STACK = Pattern.compile("^Stack: \\[(0x[0-9a-f]{1,16}),\\s*(0x[0-9a-f]{1,16})\\]");
    private static final Pattern REGISTER =
            Pattern.compile("\\b([A-Za-z][A-Za-z0-9]{0,7})\\s*=\\s*(0x[0-9a-fA-F]{1,16})\\b");
    private static final Pattern FRAME = Pattern.compile("^([A-Za-z]) {1,2}(\\S.*)$");
    private static final Pattern LIBRARY = Pattern.compile("^\\[(.+?)\\+0x([0-9a-fA-F]{1,16})\\]\\s*(.*)$");
    private static final Pattern COMPILED = Pattern.compile(" @ (0x[0-9a-f]{1,16}) \\[");
    private static final Pattern AT_BEGIN = Pattern.compile("^(0x[0-9a-fA-F]{1,16})\\b");
    private static final Pattern AT_END = Pattern.compile("\\s(0x[0-9a-f]{1,16})$");
    private static final Pattern TIME =
            Pattern.compile("^[Tt]ime: (\\w{3} \\w{3}\\s+\\d{1,2} \\d\\d:\\d\\d:\\d\\d \\d{4})(?: (\\S+))?");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.US);
    private static final Pattern UPTIME = Pattern.compile("^OS uptime: (\\d{1,5}) days (\\d{1,2}):(\\d\\d) hours");
    private static final Pattern TOTAL = Pattern.compile("^Total number of mappings: (\\d{1,9})$");

    /** Registers that hold no address (os_linux_x86.cpp). */
    private static final Set<String> NO_ADDRESS =
            Set.of("EFLAGS", "CSGSFS", "ERR", "TRAPNO", "MXCSR", "FLAGS", "pstate", "PSTATE");

    /** Time zones are from UTC-12 to UTC+14. */
    private static final Duration BEHIND = Duration.ofHours(14);

    private static final Duration AHEAD = Duration.ofHours(12);

    /** A frame before its address is known. */
    private record Frame(String kind, @Nullable String library, long address, String text) {}

    private enum Section {
        NONE,
        REGISTERS,
        NATIVE_FRAMES,
        JAVA_FRAMES,
        LIBRARIES
    }

    private final LineReader lines;
    private final Problems problems;
    private final MapsLines maps;
    private final Crash.Builder crash = new Crash.Builder();
    private final List<Crash.Address> registers = new ArrayList<>();
    private final List<Frame> nativeFrames = new ArrayList<>();
    private final List<Frame> javaFrames = new ArrayList<>();
    private Section section = Section.NONE;
    private Crash.@Nullable Address pc;
    private Crash.@Nullable Address fault;
    private long pid = -1;
    private boolean isLog;
    private boolean hasLibraries;
    private long linesOfMaps;
    private long lineOfMessage = -1;
    /** The time of the crash, if its zone is UTC or that of this machine; null: unknown. */
    private @Nullable Instant time;

    private @Nullable Duration uptime;

    HsErrFile(LineReader lines, MapsLines maps, Problems problems) {
        this.lines = lines;
        this.maps = maps;
        this.problems = problems;
    }

    /** Parses the lines from the present one on. Returns whether they are an hs_err file. */
    boolean read() throws IOException {
        do {
            boolean isSecond = isLog && (lines.startsWith(HEAD) || lines.startsWith(HEAD_OF_NO_MEMORY));
            if (isSecond) {
                problems.add(lines.number(), "begins another log, which is not read");
                break;
            }
            if (section == Section.LIBRARIES) {
                mapping();
            } else {
                line(lines.text().stripTrailing());
            }
        } while (lines.next());
        if (section == Section.LIBRARIES) {
            problems.addLack(0, "the log ends within \"" + LIBRARIES + "\": it is cut, so mappings are missing");
        } else if (isLog && !hasLibraries) {
            problems.addLack(0, "the log has no section \"" + LIBRARIES + "\", so no mapping is known");
        }
        return isLog;
    }

    private void line(String line) {
        if (line.startsWith(LIBRARIES)) {
            isLog = true;
            hasLibraries = true;
            section = Section.LIBRARIES;
        } else if (line.startsWith("Registers:")) {
            isLog = true;
            section = Section.REGISTERS;
        } else if (line.startsWith("Native frames:")) {
            isLog = true;
            section = Section.NATIVE_FRAMES;
        } else if (line.startsWith("Java frames:")) {
            section = Section.JAVA_FRAMES;
        } else if (line.startsWith("[error occurred during error reporting")
                || line.startsWith("[timeout occurred during error reporting")) {
            problems.add(lines.number(), "reports that the JVM could not write a part of the log");
        } else if (line.isEmpty()) {
            section = Section.NONE;
        } else if (section == Section.REGISTERS) {
            registers(line);
        } else if (section == Section.NATIVE_FRAMES) {
            frame(line, nativeFrames);
        } else if (section == Section.JAVA_FRAMES) {
            frame(line, javaFrames);
        } else {
            fact(line);
        }
    }

    private void fact(String line) {
        if (line.startsWith("#")) {
            head(line);
        } else if (line.startsWith("Command Line: ")) {
            crash.commandLine = bounded(line.substring("Command Line: ".length()));
        } else if (line.startsWith("java_command: ") && crash.commandLine.isEmpty()) {
            crash.commandLine = bounded(line.substring("java_command: ".length()));
        } else if (line.startsWith("vm_info: ") && crash.runtime.isEmpty()) {
            crash.runtime = bounded(line.substring("vm_info: ".length()));
        } else if (line.startsWith("siginfo:")) {
            signalInfo(line);
        } else if (line.startsWith("Stack: [")) {
            Matcher stack = STACK.matcher(line);
            if (stack.find()) {
                crash.stackStart = hex(stack.group(1));
                crash.stackEnd = hex(stack.group(2));
            }
        } else if (uptime == null && line.startsWith("OS uptime:")) {
            uptime(line);
        } else if (crash.earliest == null) {
            time(line);
        }
    }

    private void uptime(String line) {
        Matcher found = UPTIME.matcher(line);
        if (found.find()) {
            uptime = Duration.ofDays(Long.parseLong(found.group(1)))
                    .plusHours(Long.parseLong(found.group(2)))
                    .plusMinutes(Long.parseLong(found.group(3)));
        }
    }

    private void head(String line) {
        isLog |= line.startsWith(HEAD) || line.startsWith(HEAD_OF_NO_MEMORY);
        boolean isAfterMessage = lines.number() == lineOfMessage + 1;
        Matcher signal = SIGNAL.matcher(line);
        if (pc == null && signal.find()) {
            crash.signal = signal.group(1);
            pc = Crash.Address.known(Crash.Address.Role.PC, "pc", hex(signal.group(2)), "");
        }
        Matcher process = PID.matcher(line);
        if (pid < 0 && process.find()) {
            pid = Long.parseLong(process.group(1));
            String tid = process.group(2);
            crash.tid = tid.startsWith("0x") ? hex(tid) : Long.parseUnsignedLong(tid);
            crash.message = bounded(line.substring(1).strip());
            lineOfMessage = lines.number();
        } else if (isAfterMessage && line.length() > 2) { // such as the text of a failed assertion
            crash.message = bounded(crash.message + ": " + line.substring(1).strip());
        } else if (crash.runtime.isEmpty() && line.startsWith("# Java VM: ")) {
            crash.runtime = bounded(line.substring("# Java VM: ".length()));
        }
    }

    private void signalInfo(String line) {
        Matcher address = FAULT.matcher(line);
        Matcher code = CODE.matcher(line);
        if (fault == null && address.find()) {
            String name = code.find() ? code.group().replaceAll("[()]", "") : "";
            fault = name.startsWith("SI_")
                    ? Crash.Address.unknown(Crash.Address.Role.FAULT, "si_addr", name, ThreadRegisters.NO_FAULT_ADDRESS)
                    : Crash.Address.known(Crash.Address.Role.FAULT, "si_addr", hex(address.group(1)), name);
        }
    }

    /** The name of a time zone may mean several, such as CST. */
    private void time(String line) {
        Matcher found = TIME.matcher(line);
        if (!found.find()) {
            return;
        }
        try {
            LocalDateTime local = LocalDateTime.parse(found.group(1).replaceAll(" +", " "), DATE);
            Instant at = local.toInstant(ZoneOffset.UTC);
            boolean isUtc = "UTC".equals(found.group(2)) || "GMT".equals(found.group(2));
            crash.earliest = isUtc ? at : at.minus(BEHIND);
            crash.latest = isUtc ? at.plusSeconds(1) : at.plus(AHEAD);
            time = isUtc ? at : local.atZone(ZoneId.systemDefault()).toInstant();
        } catch (DateTimeParseException e) {
            problems.add(lines.number(), "has a time that cannot be read");
        }
    }

    private void registers(String line) {
        Matcher register = REGISTER.matcher(line);
        while (register.find() && registers.size() < MAX_REGISTERS) {
            if (!NO_ADDRESS.contains(register.group(1))) {
                registers.add(Crash.Address.known(
                        Crash.Address.Role.REGISTER, register.group(1), hex(register.group(2)), ""));
            }
        }
    }

    private void frame(String line, List<Frame> frames) {
        Matcher frame = FRAME.matcher(bounded(line));
        if (!frame.matches()) {
            return; // such as "...<more frames>..."
        }
        if (frames.size() == MAX_FRAMES) {
            problems.add(lines.number(), "is left out: the log has too many frames");
            return;
        }
        String rest = frame.group(2);
        Matcher library = LIBRARY.matcher(rest);
        if (library.matches()) {
            frames.add(new Frame(frame.group(1), library.group(1), hex("0x" + library.group(2)), rest));
            return;
        }
        for (Pattern pattern : new Pattern[] {COMPILED, AT_BEGIN, AT_END}) {
            Matcher address = pattern.matcher(rest);
            if (address.find()) {
                frames.add(new Frame(frame.group(1), "", hex(address.group(1)), rest));
                return;
            }
        }
        frames.add(new Frame(frame.group(1), null, 0, rest));
    }

    private void mapping() {
        String line = lines.length() < 64 ? lines.text().stripTrailing() : "";
        Matcher total = TOTAL.matcher(line);
        if (lines.isBlank() || line.equals("VM Arguments:") || total.matches()) {
            if (total.matches() && Long.parseLong(total.group(1)) != linesOfMaps) {
                problems.addLack(
                        lines.number(), "counts " + total.group(1) + " mappings, but the log has " + linesOfMaps);
            }
            section = Section.NONE;
        } else if (lines.startsWith("Can not get library information")) {
            problems.addLack(lines.number(), "reports that the JVM could not read its mappings");
        } else if (lines.startsWith("[error occurred") || lines.startsWith("[timeout occurred")) {
            problems.addLack(lines.number(), "reports that the JVM could not write all mappings");
            section = Section.NONE;
        } else {
            linesOfMaps++;
            SavedText.addLine(maps, lines, problems);
        }
    }

    long pid() {
        return pid;
    }

    /** Returns the crash. Frames that are given by library and offset get their address from the mappings. */
    Crash crash(LibraryOffsets libraries) {
        crash.hasUptime = uptime != null;
        crash.isOfThisBoot = time != null && uptime != null && BootTime.isOfThisMachine(time, uptime);
        if (pc != null) {
            crash.addresses.add(pc);
        }
        if (fault != null) {
            crash.addresses.add(fault);
        }
        crash.addresses.addAll(registers);
        for (Frame frame : nativeFrames.isEmpty() ? javaFrames : nativeFrames) {
            crash.addresses.add(address(frame, libraries));
        }
        return crash.build();
    }

    private static Crash.Address address(Frame frame, LibraryOffsets libraries) {
        if (frame.library == null) {
            return Crash.Address.unknown(Crash.Address.Role.FRAME, frame.kind, frame.text, "");
        }
        if (frame.library.isEmpty()) {
            return Crash.Address.known(Crash.Address.Role.FRAME, frame.kind, frame.address, frame.text);
        }
        LibraryOffsets.Outcome outcome = libraries.find(frame.library, frame.address);
        return outcome == LibraryOffsets.Outcome.FOUND
                ? Crash.Address.known(Crash.Address.Role.FRAME, frame.kind, libraries.address(), frame.text)
                : Crash.Address.unknown(Crash.Address.Role.FRAME, frame.kind, frame.text, outcome.reason());
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text.substring(2), 16);
    }

    private static String bounded(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "...";
    }
}
