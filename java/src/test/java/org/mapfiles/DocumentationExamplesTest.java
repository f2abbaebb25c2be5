package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compiles the examples of the README and of docs/. An example is a fenced block marked {@code java} or {@code c}.
 *
 * <p>An example that is a class or a C program is compiled as it is. Any other one becomes the body of a method. An
 * HTML comment on the line before the block declares the variables that the reader has: {@code <!-- example: long pid
 * -->}.
 */
class DocumentationExamplesTest {
    private static final Pattern DIRECTIVE = Pattern.compile("<!-- example:(.*)-->");
    private static final Pattern WHOLE =
            Pattern.compile("(?m)^(?:(?:public |final )*(?:class|interface|record) (\\w+)|int main\\()");
    private static final String C_HEAD =
            "#include <mapfiles.h>\n#include <mapfiles_events.h>\n#include <mapfiles_files.h>\n"
                    + "#include <mapfiles_jvm.h>\n#include <mapfiles_symbols.h>\n#include <errno.h>\n#include <stdio.h>\n";

    @TempDir
    Path directory;

    /** A fenced block. The name contains the page and the line: {@code docs_guide_from_c_md_12}. */
    private record Example(String name, String parameters, String text) {
        boolean isWhole() {
            return WHOLE.matcher(text).find();
        }

        /** @param imports of all public packages of the library, for examples that are not whole */
        String java(String imports) {
            String body = isWhole()
                    ? text
                    : imports + lines(true) + "class Example {\n    void run(" + parameters + ") throws Exception {\n"
                            + lines(false) + "    }\n}\n";
            return "package " + name + ";\n" + body;
        }

        private String lines(boolean isImport) {
            return text.lines()
                    .filter(line -> line.startsWith("import ") == isImport)
                    .map(line -> line + "\n")
                    .collect(Collectors.joining());
        }

        String nameOfClass() {
            Matcher whole = WHOLE.matcher(text);
            return whole.find() ? whole.group(1) : "Example";
        }

        String c() {
            String function = "int example(" + parameters + ")";
            return isWhole() ? text : C_HEAD + function + ";\n" + function + "\n{\n" + text + "    return 0;\n}\n";
        }
    }

    private static List<Example> examples(String language) throws IOException {
        List<Example> examples = new ArrayList<>();
        for (Path page : Documentation.pages()) {
            List<String> lines = Files.readAllLines(page);
            for (int i = 1; i < lines.size(); i++) {
                if (lines.get(i).equals("```" + language)) {
                    Matcher directive = DIRECTIVE.matcher(lines.get(i - 1));
                    String text = lines.subList(i + 1, lines.size()).stream()
                            .takeWhile(line -> !line.equals("```"))
                            .map(line -> line + "\n")
                            .collect(Collectors.joining());
                    examples.add(new Example(
                            Documentation.name(page).replaceAll("\\W", "_") + "_" + (i + 1),
                            directive.matches() ? directive.group(1).strip() : "",
                            text));
                }
            }
        }
        assertThat(examples).as("examples in %s", language).isNotEmpty();
        return examples;
    }

    @Test
    void javaExamplesCompile() throws Exception {
        Documentation.assumePresent();
        String imports = Documentation.publicTypes().stream()
                .map(Class::getPackageName)
                .distinct()
                .map(name -> "import " + name + ".*;\n")
                .collect(Collectors.joining());
        List<String> command = new ArrayList<>(List.of(
                "-Xlint:all",
                "-Werror",
                "-proc:none",
                "-cp",
                Documentation.classes().toString(),
                "-d",
                directory.resolve("classes").toString()));
        for (Example example : examples("java")) {
            Path file = directory.resolve(example.name()).resolve(example.nameOfClass() + ".java");
            Files.createDirectories(file.getParent());
            command.add(Files.writeString(file, example.java(imports)).toString());
        }
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        int rc = ToolProvider.getSystemJavaCompiler().run(null, messages, messages, command.toArray(String[]::new));
        assertThat(rc).as("%s", messages).isZero();
    }

    @Test
    void cExamplesCompile() throws Exception {
        Documentation.assumePresent();
        assumeTrue(isCompilerPresent(), "no C compiler (cc) is installed");
        List<String> command = new ArrayList<>(List.of(
                "cc",
                "-std=c11",
                "-D_GNU_SOURCE",
                "-fsyntax-only",
                "-Wall",
                "-Wextra",
                "-Wno-misleading-indentation",
                "-Werror",
                "-I" + Documentation.ROOT.resolve("native/include")));
        for (Example example : examples("c")) {
            command.add(Files.writeString(directory.resolve(example.name() + ".c"), example.c())
                    .toString());
        }
        Process compiler = new ProcessBuilder(command).redirectErrorStream(true).start();
        String messages = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as("%s", messages).isZero();
    }

    private static boolean isCompilerPresent() throws InterruptedException {
        try {
            Process compiler = new ProcessBuilder("cc", "--version")
                    .redirectErrorStream(true)
                    .start();
            compiler.getInputStream().readAllBytes();
            return compiler.waitFor() == 0;
        } catch (IOException absent) {
            return false;
        }
    }
}
