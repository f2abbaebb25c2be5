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

/** The pages agree with the tree: links, names of tests, and the list of public types. */
class DocumentationLinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]*)(?:#([^)\\s]*))?\\)");
    private static final Pattern FENCED = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern TEST = Pattern.compile("`(\\w+(?:Test|_test))`");
    /** The first cell of a row: {@code | `ProcessMaps` | ...}. */
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([\\w.]+)` \\|");

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
        return Files.readAllLines(page).stream().filter(line -> line.startsWith("#"))
                .map(line -> line.replaceFirst("^#+ *", ""))
                .map(title -> title.toLowerCase(Locale.ROOT).replaceAll("[^\\w\\- ]", "").replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    @Test
    void theApiPageListsThePublicTypes() throws Exception {
        Documentation.assumePresent();
        List<String> listed = ROW.matcher(Files.readString(Documentation.ROOT.resolve("docs/reference/api.md"))).results()
                .map(row -> row.group(1)).toList();
        assertThat(listed).doesNotHaveDuplicates();
        List<String> types = Documentation.publicTypes().stream()
                .map(type -> type.getCanonicalName().substring(type.getPackageName().length() + 1)).toList();
        assertThat(new TreeSet<>(listed)).isEqualTo(new TreeSet<>(types));
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
}
