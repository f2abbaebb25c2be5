package org.mapfiles.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleName;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The packages that each package of the command line may use. */
class PackagesTest {
    private static final String DEMANGLE = "org.mapfiles.cli.demangle";
    private static final String LINES = "org.mapfiles.cli.lines";
    private static final String OUTPUT = "org.mapfiles.cli.output";
    private static final String PROGRAMS = "org.mapfiles.cli.programs";
    private static final String TARGET = "org.mapfiles.cli.target";
    private static final String COMMANDS = "org.mapfiles.cli.commands";

    /**
     * Each package, and the packages of the command line that it may use. These are above it in the list, so there is
     * no cycle.
     */
    private static final List<Layer> LAYERS = List.of(
            new Layer(PROGRAMS),
            new Layer(DEMANGLE, PROGRAMS),
            new Layer(LINES, PROGRAMS),
            new Layer(OUTPUT, LINES, DEMANGLE),
            new Layer(TARGET, OUTPUT, LINES, DEMANGLE, PROGRAMS),
            new Layer(COMMANDS, TARGET, OUTPUT, LINES),
            new Layer("org.mapfiles.cli", COMMANDS, TARGET, OUTPUT));

    private static final JavaClasses CLASSES = read();

    private record Layer(String name, String... uses) {
        String[] allowed() {
            List<String> allowed = new ArrayList<>(List.of(uses));
            allowed.add(name);
            return allowed.toArray(new String[0]);
        }
    }

    private static JavaClasses read() {
        try {
            return new ClassFileImporter()
                    .importPath(Path.of(Main.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theTableNamesEachPackageAndHasNoCycle() {
        Set<String> packages = new TreeSet<>();
        CLASSES.forEach(type -> packages.add(type.getPackageName()));
        assertThat(LAYERS).extracting(Layer::name).containsExactlyInAnyOrderElementsOf(packages);
        List<String> above = new ArrayList<>();
        for (Layer layer : LAYERS) {
            assertThat(above).as(layer.name()).containsAll(List.of(layer.uses()));
            above.add(layer.name());
        }
    }

    @Test
    void aPackageUsesOnlyThoseBelowIt() {
        for (Layer layer : LAYERS) {
            classes()
                    .that(resideInAPackage(layer.name()))
                    .should()
                    .onlyDependOnClassesThat(
                            resideOutsideOfPackage("org.mapfiles.cli..").or(resideInAnyPackage(layer.allowed())))
                    .check(CLASSES);
        }
    }

    /**
     * The exceptions are ErrorText, which makes the text of an exception of the JDK, and Pipes, which polls standard
     * output.
     */
    @Test
    void theCommandLineUsesWhatTheLibraryExports() {
        classes()
                .should()
                .onlyDependOnClassesThat(resideOutsideOfPackage("org.mapfiles.internal")
                        .or(simpleName("ErrorText"))
                        .or(simpleName("Pipes")))
                .check(CLASSES);
    }
}
