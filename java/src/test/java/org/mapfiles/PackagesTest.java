package org.mapfiles;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.mapfiles.testing.ChildJvm;

/** Which package of the library may use which. */
class PackagesTest {
    private static final String ROOT = "org.mapfiles";
    private static final String INTERNAL = "org.mapfiles.internal";

    /** Each package and those that it may use, which stand above it: so there is no cycle. */
    private static final List<Layer> LAYERS = List.of(
            new Layer(INTERNAL),
            new Layer(ROOT, INTERNAL),
            new Layer("org.mapfiles.files", ROOT, INTERNAL),
            new Layer("org.mapfiles.resident", ROOT, INTERNAL),
            new Layer("org.mapfiles.events", ROOT, INTERNAL),
            new Layer("org.mapfiles.timeline", "org.mapfiles.events", ROOT, INTERNAL),
            new Layer("org.mapfiles.live", "org.mapfiles.events", ROOT, INTERNAL),
            new Layer("org.mapfiles.saved", ROOT, INTERNAL),
            new Layer("org.mapfiles.symbols", "org.mapfiles.files", "org.mapfiles.resident", ROOT, INTERNAL),
            new Layer("org.mapfiles.jvm", "org.mapfiles.files", ROOT, INTERNAL),
            new Layer("org.mapfiles.jfr", "org.mapfiles.jvm", ROOT, INTERNAL));

    private static final JavaClasses CLASSES = new ClassFileImporter().importPath(ChildJvm.homeOf(ProcessMaps.class));

    private record Layer(String name, String... uses) {
        String[] allowed() {
            List<String> allowed = new ArrayList<>(List.of(uses));
            allowed.add(name);
            return allowed.toArray(new String[0]);
        }
    }

    @Test
    void theTableNamesEachPackageAndHasNoCycle() {
        Set<String> packages = new TreeSet<>();
        CLASSES.forEach(type -> packages.add(type.getPackageName()));
        packages.remove(""); // module-info
        assertThat(LAYERS).extracting(Layer::name).containsExactlyInAnyOrderElementsOf(packages);
        List<String> above = new ArrayList<>();
        for (Layer layer : LAYERS) {
            assertThat(above).as(layer.name()).contains(layer.uses());
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
                            resideOutsideOfPackage("org.mapfiles..").or(resideInAnyPackage(layer.allowed())))
                    .check(CLASSES);
        }
    }

    @Test
    void noTypeOfInternalIsInAnExportedSignature() {
        List<String> leaks = new ArrayList<>();
        int members = 0;
        for (JavaClass type : CLASSES) {
            if (!isVisible(type) || type.getPackageName().equals(INTERNAL)) {
                continue;
            }
            type.getInterfaces().forEach(parent -> check(type.getName(), Set.of(parent), leaks));
            type.getSuperclass().ifPresent(parent -> check(type.getName(), Set.of(parent), leaks));
            for (JavaMember member : type.getMembers()) {
                if (isVisible(member.getModifiers())) {
                    check(member.getFullName(), typesOf(member), leaks);
                    members++;
                }
            }
        }
        assertThat(members).isGreaterThan(300);
        assertThat(leaks).isEmpty();
    }

    /** A nested type is visible if all around it are. */
    private static boolean isVisible(JavaClass type) {
        return isVisible(type.getModifiers())
                && type.getEnclosingClass().map(PackagesTest::isVisible).orElse(true);
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static Set<JavaType> typesOf(JavaMember member) {
        if (member instanceof JavaField) {
            return Set.of(((JavaField) member).getType());
        }
        JavaCodeUnit method = (JavaCodeUnit) member;
        Set<JavaType> types = method.getParameterTypes().stream().collect(Collectors.toSet());
        types.add(method.getReturnType());
        types.addAll(method.getExceptionTypes());
        return types;
    }

    private static void check(String where, Set<? extends JavaType> types, List<String> leaks) {
        for (JavaType type : types) {
            for (JavaClass raw : type.getAllInvolvedRawTypes()) {
                if (raw.getPackageName().equals(INTERNAL)) {
                    leaks.add(where + " shows " + raw.getName());
                }
            }
        }
    }
}
