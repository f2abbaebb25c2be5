package org.mapfiles.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * Finds and loads libmapfiles.so, once. Thread-safe.
 *
 * <p>A path in {@code -Dorg.mapfiles.library.path=} is used as it is, by the first class loader of a JVM. Otherwise the
 * library in the jar is copied to a directory that only this user can enter, under a name with the hash of its content.
 * The copy is never deleted: tools report a JVM whose library is deleted as one that runs outdated code. An existing
 * copy with the same size and CRC is reused. Several class loaders of a JVM may each load the library.
 *
 * <p>Exceptions are caught as a superclass that each JVM has loaded: the verifier loads each class that is caught.
 */
public final class NativeLibrary {
    static final String PATH_PROPERTY = "org.mapfiles.library.path";

    private static final int MAX_LOADERS = 1_000;

    private static volatile boolean loaded;
    private static @Nullable String failure;

    private NativeLibrary() {}

    /**
     * Loads the library if it is not loaded.
     *
     * @throws UnsatisfiedLinkError if the library cannot be loaded, now or on an earlier call; the message contains the
     *     remedy
     */
    public static void ensureLoaded() {
        if (!loaded) {
            load();
        }
    }

    /**
     * Loads the library, and registers the native methods of a class in another package.
     *
     * @param holder the class that declares the native methods of JvmCalls, in native/src/jni
     * @throws UnsatisfiedLinkError as {@link #ensureLoaded}
     */
    public static void bindJvm(Class<?> holder) {
        ensureLoaded();
        bind(holder);
    }

    private static native void bind(Class<?> holder);

    private static synchronized void load() {
        if (loaded) {
            return;
        }
        if (failure == null) {
            failure = tryToLoad();
        }
        if (failure != null) {
            throw ErrorText.unsatisfied(failure);
        }
        loaded = true;
    }

    /** Loads the library; returns null, or a message with the cause and the remedy. */
    private static @Nullable String tryToLoad() {
        String explicit = System.getProperty(PATH_PROPERTY);
        try {
            return explicit != null ? loadExplicit(Path.of(explicit).toAbsolutePath()) : loadExtracted();
        } catch (RuntimeException e) {
            return remedy(e, explicit);
        } catch (IOException e) {
            return ErrorText.of(e);
        }
    }

    private static String remedy(RuntimeException failure, @Nullable String explicit) {
        if (failure instanceof InvalidPathException) {
            return explicit + ", the value of -D" + PATH_PROPERTY + "=, is not a path in this locale ("
                    + ((InvalidPathException) failure).getReason()
                    + "): name it in ASCII, or run java with LC_ALL=C.UTF-8";
        }
        if (failure instanceof IllegalCallerException) { // JEP 472
            return "native access is denied: run java with --enable-native-access="
                    + (NativeLibrary.class.getModule().isNamed() ? "org.mapfiles" : "ALL-UNNAMED");
        }
        throw failure;
    }

    /**
     * Loads a library by its path. A JVM loads a file in one class loader only: for others the library in the jar is
     * loaded.
     */
    private static @Nullable String loadExplicit(Path library) throws IOException {
        if (!Files.isRegularFile(library)) {
            return library + ", the value of -D" + PATH_PROPERTY + "=, is not a file: name libmapfiles.so itself";
        }
        try {
            System.load(library.toString());
            return null;
        } catch (LinkageError e) {
            if (isOfAnotherLoader(requireUnsatisfied(e))) {
                return loadExtracted();
            }
            return library + ", the value of -D" + PATH_PROPERTY + "=, cannot be loaded (" + reason(e, library)
                    + "): if its file system is mounted noexec, put it elsewhere";
        }
    }

    /** Loads a copy of the library in the jar, from the first of two directories where that is possible. */
    private static @Nullable String loadExtracted() throws IOException {
        StringBuilder failures = new StringBuilder();
        try (LibraryInJar inJar = new LibraryInJar(resourceName())) {
            String name = "libmapfiles-" + inJar.hash().substring(0, 32);
            for (int place = 0; place < PrivateDirectory.PLACES; place++) {
                try {
                    Path directory = PrivateDirectory.make(PrivateDirectory.place(place));
                    loadCopy(inJar, directory.resolve(name).toString());
                    return null;
                } catch (IOException e) {
                    failures.append("; ").append(ErrorText.of(e));
                } catch (LinkageError e) {
                    failures.append("; ").append(ErrorText.of(requireUnsatisfied(e)));
                }
            }
        }
        return "libmapfiles.so cannot be copied to a directory and loaded from there" + failures
                + ": make one of them a directory "
                + "of this user only (chmod 700) on a file system that is not mounted noexec, or name a library with -D"
                + PATH_PROPERTY + "=";
    }

    /**
     * Loads the library under a different name for each class loader, because a JVM loads each name once. All names are
     * hard links to one file, so the process has one copy of the library, which is never unloaded.
     */
    private static void loadCopy(LibraryInJar inJar, String name) throws IOException {
        Path library = extract(inJar, Path.of(name + ".so"));
        for (int loader = 1; ; loader++) {
            try {
                System.load(library.toString());
                return;
            } catch (LinkageError e) {
                if (!isOfAnotherLoader(requireUnsatisfied(e)) || loader == MAX_LOADERS) {
                    throw ErrorText.unsatisfied(library + ": " + reason(e, library));
                }
            }
            library = Path.of(name + "-" + loader + ".so");
            if (!isIntact(library, inJar)) {
                link(library, Path.of(name + ".so"), inJar);
            }
        }
    }

    /**
     * Returns why a library was not loaded, without its path: the JVM and the dynamic linker each write it before the
     * reason.
     */
    static String reason(LinkageError failure, Path library) {
        String prefix = library + ": ";
        String reason = String.valueOf(failure.getMessage());
        while (reason.startsWith(prefix)) {
            reason = reason.substring(prefix.length());
        }
        return reason;
    }

    /**
     * Returns an {@link UnsatisfiedLinkError}. Throws an error of another class again: the library was loaded, and the
     * classes of this JVM do not fit it.
     */
    private static LinkageError requireUnsatisfied(LinkageError failure) {
        if (failure instanceof UnsatisfiedLinkError) {
            return failure;
        }
        throw failure;
    }

    private static boolean isOfAnotherLoader(LinkageError e) {
        return String.valueOf(e.getMessage()).contains("already loaded in another classloader");
    }

    private static void link(Path library, Path first, LibraryInJar inJar) throws IOException {
        Files.deleteIfExists(library);
        try {
            Files.createLink(library, first);
        } catch (IOException e) {
            // another JVM may have made it
            if (!(e instanceof FileAlreadyExistsException) || !isIntact(library, inJar)) {
                throw e;
            }
        }
    }

    private static String resourceName() throws IOException {
        String system = System.getProperty("os.name", "a system without a name (os.name)");
        String machine = System.getProperty("os.arch", "a machine without a name (os.arch)");
        String arch = machine.equals("amd64") ? "x86_64" : machine.equals("aarch64") ? machine : null;
        if (!system.equals("Linux") || arch == null) {
            throw new IOException(
                    "mapfiles runs on Linux on x86_64 and aarch64, and this is " + system + " on " + machine
                            + (system.equals("Linux")
                                    ? ": build libmapfiles.so there and name it with -D" + PATH_PROPERTY + "="
                                    : ""));
        }
        return "META-INF/native/linux-" + arch + "/libmapfiles.so";
    }

    private static Path extract(LibraryInJar inJar, Path library) throws IOException {
        if (isIntact(library, inJar)) {
            return library;
        }
        // A unique name, also if several PID namespaces share a home directory.
        Path draft = Files.createTempFile(library.getParent(), "libmapfiles-", ".draft");
        try {
            Files.write(draft, inJar.content());
            Files.createLink(library, draft); // atomic; fails if another JVM has made it
        } catch (IOException e) {
            if (!(e instanceof FileAlreadyExistsException)) {
                throw e;
            }
            if (!isIntact(library, inJar)) {
                Files.move(draft, library, StandardCopyOption.ATOMIC_MOVE);
            }
        } finally {
            Files.deleteIfExists(draft);
        }
        return library;
    }

    private static boolean isIntact(Path library, LibraryInJar inJar) throws IOException {
        try {
            return PrivateDirectory.isOwn(library, PrivateDirectory.REGULAR_FILE, 0) && inJar.isCopiedTo(library);
        } catch (IOException e) {
            if (!(e instanceof NoSuchFileException)) {
                throw e;
            }
            return false;
        }
    }
}
