package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The annotations of nullness are not needed by users: neither javac nor java needs their jar, and javac prints no
 * warning.
 */
class UsersWithoutAnnotationsTest {
    @TempDir
    Path directory;

    private void compiles(String... options) throws Exception {
        Path user = Files.createDirectory(directory.resolve("user"));
        Path source = Files.writeString(user.resolve("User.java"), """
                package user;

                import org.mapfiles.*;
                import org.mapfiles.files.*;
                import org.mapfiles.live.*;
                import org.mapfiles.timeline.*;

                class User {
                    final ImmutableMapping kept;

                    User(Mapping mapping) {
                        kept = mapping.name() == null ? null : mapping.copy();
                    }

                    static String show(MapChange change, LiveMaps live, MapFiles files) throws MapsException {
                        return change.mapping() + " " + live.failure() + files.resolveName(change.previous());
                    }
                }
                """);
        String[] command = new String[options.length + 5];
        System.arraycopy(options, 0, command, 0, options.length);
        command[options.length] = "-Xlint:all";
        command[options.length + 1] = "-Werror";
        command[options.length + 2] = "-d";
        command[options.length + 3] = directory.resolve("classes").toString();
        command[options.length + 4] = source.toString();
        ByteArrayOutputStream messages = new ByteArrayOutputStream();
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, messages, messages, command))
                .as("%s", messages)
                .isZero();
    }

    @Test
    void classPathNeedsNoAnnotations() throws Exception {
        compiles("-proc:none", "-cp", Documentation.classes().toString());
    }

    @Test
    void modulePathNeedsNoAnnotations() throws Exception {
        Path module = Files.writeString(
                directory.resolve("module-info.java"), "module user {\n    requires org.mapfiles;\n}\n");
        compiles("-proc:none", "-p", Documentation.classes().toString(), module.toString());
    }

    @Test
    void runTimeNeedsNoAnnotations() throws Exception {
        try (InputStream module = Files.newInputStream(Documentation.classes().resolve("module-info.class"))) {
            assertThat(ModuleDescriptor.read(module).requires())
                    .filteredOn(each -> each.name().equals("org.jspecify"))
                    .singleElement()
                    .satisfies(each -> assertThat(each.modifiers()).containsExactly(Requires.Modifier.STATIC));
        }
    }
}
