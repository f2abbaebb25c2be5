package org.mapfiles;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds the documents and the public types, for the tests of the documents. */
final class Documentation {
    /** The folder of the repository; tests run in the folder java. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private Documentation() {}

    /** Skips a test if the classes run without the repository, as in a virtual machine. */
    static void assumePresent() {
        assumeTrue(
                Files.isRegularFile(ROOT.resolve("docs/reference/api.md")), "the pages of the repository are not here");
    }

    /** Returns all Markdown pages: those of the top folder, of docs/ and the README of each other folder. */
    static List<Path> pages() throws IOException {
        try (Stream<Path> top = Files.list(ROOT);
                Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            return Stream.concat(Stream.concat(top, docs), Stream.of(ROOT.resolve("ci/README.md")))
                    .filter(page -> page.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    /** Returns the path of a page in the repository, such as {@code docs/guide/from-c.md}. */
    static String name(Path page) {
        return ROOT.relativize(page).toString();
    }

    /** Returns the public types of the library, nested ones included. */
    static List<Class<?>> publicTypes() throws Exception {
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.walk(classes().resolve("org/mapfiles"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".class"))
                    .sorted()
                    .toList()) {
                String name =
                        classes().relativize(file).toString().replace('/', '.').replaceFirst("\\.class$", "");
                if (!name.contains(".internal.") && !name.endsWith("package-info")) {
                    Class<?> type = Class.forName(name, false, ProcessMaps.class.getClassLoader());
                    if (isPublic(type)) {
                        types.add(type);
                    }
                }
            }
        }
        return types;
    }

    private static boolean isPublic(Class<?> type) {
        return type.getCanonicalName() != null
                && Modifier.isPublic(type.getModifiers())
                && (type.getEnclosingClass() == null || isPublic(type.getEnclosingClass()));
    }

    /** Returns the folder of the compiled classes of the library. */
    static Path classes() throws URISyntaxException {
        return Path.of(ProcessMaps.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    }
}
