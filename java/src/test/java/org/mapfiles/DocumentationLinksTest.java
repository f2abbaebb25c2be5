package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages agree with the tree: links, names of tests, public types, options of the command line. */
class DocumentationLinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern FENCED = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|_test))`");
    /** A row of a type: {@code | `ProcessMaps` | An open process: ... |}. */
    private static final Pattern ROW = Pattern.compile("^\\| `([\\w.]+)` \\| (.*) \\|$");

    @Test
    void linksLeadToFilesAndHeadings() throws Exception {
        Documentation.assumePresent();
        List<String> broken = new ArrayList<>();
        for (Path page : Documentation.pages()) {
            Matcher link = LINK.matcher(FENCED.matcher(Files.readString(page)).replaceAll(""));
            while (link.find()) {
                if (!link.group(1).contains(":") && !leads(page, link.group(1), link.group(2))) {
                    broken.add(Documentation.name(page) + ": " + link.group());
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    private static boolean leads(Path page, String file, String heading) throws IOException {
        Path target = file.isEmpty() ? page : page.resolveSibling(file).normalize();
        return Files.exists(target) && (heading == null || anchors(target).contains(heading));
    }

    /** The anchors that GitHub makes of headings: lower case, without punctuation, with hyphens for blanks. */
    private static Set<String> anchors(Path page) throws IOException {
        return Files.readAllLines(page).stream()
                .filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ *", ""))
                .map(title -> title.toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\w\\- ]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void apiPageHasOneSentenceForEachPublicType() throws Exception {
        Documentation.assumePresent();
        List<String> listed = new ArrayList<>();
        String section = "";
        for (String line : Files.readAllLines(Documentation.ROOT.resolve("docs/reference/api.md"))) {
            Matcher row = ROW.matcher(line);
            section = line.startsWith("## ") ? line.substring(3) : section;
            if (row.matches()) {
                listed.add(section + "." + row.group(1));
                assertThat(row.group(2)).as(row.group(1)).matches("[A-Z].*\\.");
            }
        }
        List<String> types = Documentation.publicTypes().stream()
                .map(Class::getCanonicalName)
                .toList();
        assertThat(listed).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(types);
    }

    @Test
    void evidenceOfDecisionsNamesTestsThatExist() throws Exception {
        Documentation.assumePresent();
        Set<String> tests = new TreeSet<>();
        for (String folder : List.of("java/src/test", "java/cli/src/test", "native/test")) {
            try (Stream<Path> files = Files.walk(Documentation.ROOT.resolve(folder))) {
                files.forEach(file -> tests.add(file.getFileName().toString().replaceFirst("\\..*", "")));
            }
        }
        Set<String> named = new TreeSet<>();
        for (Path page : Documentation.pages()) {
            TEST.matcher(Files.readString(page)).results().forEach(test -> named.add(test.group(1)));
        }
        assertThat(named).isNotEmpty().isSubsetOf(tests);
    }

    @Test
    void optionsOfTheCommandLineAreDescribed() throws Exception {
        Documentation.assumePresent();
        Set<String> described = namesIn("docs/reference/command-line.md", Pattern.compile("`(--[a-z-]+)"));
        described.removeAll(Set.of("--help", "--version")); // of the library that parses the command line
        assertThat(described).isEqualTo(inSourcesOfTheCommandLine("names = (?:\\{\"-\\w\", )?\"(--[a-z-]+)\""));
    }

    @Test
    void architecturePageAgreesWithFolders() throws Exception {
        Documentation.assumePresent();
        List<String> rows = Files.readAllLines(Documentation.ROOT.resolve("docs/architecture.md"));
        List<Path> folders;
        try (Stream<Path> files = Files.list(Documentation.ROOT.resolve("native/src"))) {
            folders = files.filter(Files::isDirectory).toList();
        }
        assertThat(folders).isNotEmpty();
        for (Path folder : folders) {
            String uses = Files.readString(folder.resolve("README.md"))
                    .replaceFirst("(?s).*May use: ", "")
                    .strip();
            String start = "| `" + folder.getFileName() + "` |";
            assertThat(rows)
                    .filteredOn(row -> row.startsWith(start))
                    .singleElement()
                    .asString()
                    .matches(".*\\| `?" + uses.replace(" ", "` `") + "`? \\|");
        }
    }

    @Test
    void permissionsPageNamesEachReason() throws Exception {
        Documentation.assumePresent();
        Set<String> named = namesIn("docs/reference/permissions.md", Pattern.compile("(?m)^\\| `([A-Z_]+)` \\|"));
        assertThat(named)
                .containsExactlyInAnyOrderElementsOf(Stream.of(PermissionDeniedException.Reason.values())
                        .map(Enum::name)
                        .toList());
    }

    private static Set<String> namesIn(String page, Pattern name) throws IOException {
        return name.matcher(Files.readString(Documentation.ROOT.resolve(page)))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> inSourcesOfTheCommandLine(String name) throws IOException {
        try (Stream<Path> files = Files.walk(Documentation.ROOT.resolve("java/cli/src/main"))) {
            Set<String> names = new TreeSet<>();
            for (Path file :
                    files.filter(file -> file.toString().endsWith(".java")).toList()) {
                names.addAll(namesIn(Documentation.name(file), Pattern.compile(name)));
            }
            return names;
        }
    }
}
