package org.mapfiles.cli;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.AgentLoadException;
import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UTFDataFormatException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.mapfiles.MapCursor;
import org.mapfiles.MapFilter;
import org.mapfiles.ProcessMaps;
import org.mapfiles.internal.ErrorText;
import org.mapfiles.internal.PrivateDirectory;
import org.mapfiles.jvm.JvmRegions;

/** Another JVM, asked through the attach mechanism. */
final class AttachedJvm {
    private static final long SIGQUIT = 1L << 2;
    private static final int LONGEST_ANSWER = 1 << 28;
    /** As it is called, too, when an upgrade has replaced it. */
    private static final Pattern LIBJVM = Pattern.compile("/libjvm\\.so( \\(deleted\\))?$");

    private final ProcessMaps maps;

    AttachedJvm(ProcessMaps maps) {
        this.maps = maps;
    }

    /** What each part of its memory is for. */
    List<JvmPart> parts() throws IOException {
        return read(JvmPart::readAll);
    }

    /** What addresses are; some. */
    List<JvmWhat> whats(long[] addresses) throws IOException {
        return read(in -> {
            List<JvmWhat> whats = new ArrayList<>();
            while (whats.size() < addresses.length) {
                whats.add(JvmWhat.read(in));
            }
            return whats;
        }, addresses);
    }

    private interface Reader<T> {
        T read(DataInputStream in) throws IOException;
    }

    /** Has it asked, and reads what it answered. */
    private <T> T read(Reader<T> reader, long... addresses) throws IOException {
        try {
            DataInputStream in = new DataInputStream(new ByteArrayInputStream(ask(addresses)));
            if (!in.readBoolean()) {
                throw new IOException("the JVM of process " + maps.pid() + " cannot tell: " + FileName.shown(in.readUTF()));
            }
            return reader.read(in);
        } catch (EOFException | UTFDataFormatException bad) {
            throw JvmPart.notUnderstood("it is cut off, or something else");
        } catch (IOException e) {
            maps.snapshot(MapFilter.all().executable()); // throws, and that is why, where the process has ended
            throw e;
        }
    }

    private byte[] ask(long... addresses) throws IOException {
        check();
        int user = effectiveUser();
        boolean isOther = user != PrivateDirectory.ownUid();
        Path shared = sharedDirectory(user, isOther);
        Path agent = AgentJar.in(shared);
        Path directory = Files.createTempDirectory(shared, "request-");
        Thread cleaner = new Thread(() -> delete(directory)); // where this program is interrupted
        Runtime.getRuntime().addShutdownHook(cleaner);
        try {
            Path request = newFile(directory.resolve("request"));
            Path answer = newFile(directory.resolve("answer"));
            try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(request)))) {
                out.writeUTF(classPath());
                out.writeInt(addresses.length);
                for (long address : addresses) {
                    out.writeLong(address);
                }
            }
            if (isOther) {
                give(directory, user, request, answer);
            }
            check(); // once more, so shortly before it is signalled
            load(agent, directory.toString());
            return content(answer);
        } finally {
            delete(directory);
            Runtime.getRuntime().removeShutdownHook(cleaner);
        }
    }

    /** The file is its user's, who may have made it anything. */
    private static byte[] content(Path answer) throws IOException {
        try (InputStream in = Files.newInputStream(answer, LinkOption.NOFOLLOW_LINKS)) {
            byte[] content = in.readNBytes(LONGEST_ANSWER);
            if (content.length == LONGEST_ANSWER) {
                throw JvmPart.notUnderstood("it is longer than any answer");
            }
            return content;
        }
    }

    private static void delete(Path directory) {
        for (String name : new String[] {"request", "answer", "."}) {
            directory.resolve(name).normalize().toFile().delete();
        }
    }

    private static Path newFile(Path path) throws IOException {
        return Files.createFile(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    private int effectiveUser() throws IOException {
        return Integer.parseInt(String.valueOf(status("Uid")).split("\\s+")[1]);
    }

    /** Where both JVMs read and write, and nobody else writes: the first place of some that both see as the same. */
    private Path sharedDirectory(int user, boolean isOther) throws IOException {
        if (isOther && PrivateDirectory.ownUid() != 0) {
            throw new IOException("process " + maps.pid() + " belongs to the user of number " + user
                    + ": run mapfiles jvm as that user, or as root");
        }
        String[] places = !isOther ? PrivateDirectory.places()
                : new String[] {"/run/mapfiles", PrivateDirectory.temporary() + "/mapfiles-for-all"};
        StringBuilder refusals = new StringBuilder();
        for (String place : places) {
            try {
                Path made = PrivateDirectory.make(place, isOther).toRealPath();
                boolean isAscii = made.toString().chars().allMatch(c -> c < 0x80);
                if (isAscii && sees(made)) {
                    return made;
                }
                refusals.append(isAscii ? "; it sees another " + made + ", or none"
                    : "; not all JVMs can name " + FileName.shown(made.toString()));
            } catch (IOException e) {
                refusals.append("; ").append(ErrorText.of(e));
            }
        }
        throw new IOException("there is no directory to share with the JVM of process " + maps.pid() + refusals
                + ": if it is in a container, run mapfiles in there");
    }

    /** Whether a path leads the JVM to what it leads this program to: not in a container, nor with a /tmp of its own. */
    private boolean sees(Path path) throws IOException {
        try {
            return Files.isSameFile(Path.of("/proc/" + maps.pid() + "/root" + path), path);
        } catch (NoSuchFileException | NotDirectoryException none) {
            return false;
        }
    }

    /** What root makes for a JVM of another user belongs to that one; but the directory, in which it must not exchange anything. */
    private static void give(Path directory, int user, Path... files) throws IOException {
        for (Path file : files) {
            Files.setAttribute(file, "unix:uid", user);
        }
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    }

    /** Attaching sends a signal that ends a program which is no JVM, or not yet one: that is looked at first. */
    private void check() throws IOException {
        boolean isJvm = false;
        for (MapCursor mapping = maps.snapshot().cursor(); mapping.next(); ) {
            String name = mapping.name();
            isJvm |= name != null && LIBJVM.matcher(name).find();
        }
        if (!isJvm) {
            throw new IOException("process " + maps.pid() + " is no JVM: it has no libjvm.so");
        }
        if (String.valueOf(status("State")).toLowerCase(Locale.ROOT).startsWith("t")) {
            throw new IOException("process " + maps.pid() + " is stopped, and answers nobody: kill -CONT " + maps.pid() + " lets it go on");
        }
        String caught = status("SigCgt");
        if (caught != null && (Long.parseUnsignedLong(caught, 16) & SIGQUIT) == 0) {
            throw new IOException("the JVM of process " + maps.pid() + " takes no requests: it has just begun, or was started with -Xrs; "
                    + "try again, or start it without");
        }
    }

    /** A field of proc_pid_status(5); null: there is none. */
    private String status(String field) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + maps.pid() + "/status"), StandardCharsets.ISO_8859_1)) {
            if (line.startsWith(field + ":")) {
                return line.substring(field.length() + 1).strip();
            }
        }
        return null;
    }

    /** Where the command's and the library's classes come from: one jar, or folders. */
    private String classPath() throws IOException {
        Set<String> entries = new LinkedHashSet<>();
        for (Class<?> type : new Class<?>[] {JvmTeller.class, JvmRegions.class}) {
            try {
                Path entry = Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toRealPath();
                if (!sees(entry)) {
                    throw new IOException("process " + maps.pid() + " sees another " + entry + ", or none: if it is in a container, run "
                            + "mapfiles in there");
                }
                entries.add(entry.toString());
            } catch (URISyntaxException e) {
                throw new IOException("the path of " + type.getName() + " is none: " + e.getMessage());
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private void load(Path agent, String arguments) throws IOException {
        String jvm = "the JVM of process " + maps.pid();
        try {
            VirtualMachine machine = VirtualMachine.attach(Integer.toString(maps.pid()));
            try {
                String version = machine.getSystemProperties().getProperty("java.specification.version", "");
                if (!version.matches("1[7-9]|[2-9]\\d|\\d{3}")) {
                    throw new IOException(jvm + " is Java " + FileName.shown(version) + ", and this takes 17 or newer");
                }
                machine.loadAgent(agent.toString(), arguments);
            } finally {
                machine.detach();
            }
        } catch (AttachNotSupportedException e) {
            if (String.valueOf(e.getMessage()).contains("respond")) {
                throw new IOException(jvm + " does not answer: it may hang, or be too busy; try again", e);
            }
            throw new IOException(jvm + " lets nobody attach (" + e.getMessage() + "): run this as its user, and start it without "
                    + "-XX:+DisableAttachMechanism", e);
        } catch (AgentLoadException e) {
            if (String.valueOf(e.getMessage()).contains("JAR")) {
                throw new IOException(jvm + " cannot read " + agent + ": its user needs to", e);
            }
            throw new IOException(jvm + " loads no agent (" + e.getMessage() + "): start it with -XX:+EnableDynamicAgentLoading", e);
        } catch (AgentInitializationException e) {
            throw new IOException(jvm + " could not run what asks it (" + e.getMessage() + "): its standard error says why", e);
        } catch (NoClassDefFoundError withoutAttach) {
            throw new IOException("this Java has no jdk.attach to ask another JVM with: run mapfiles with a JDK", withoutAttach);
        }
    }
}
