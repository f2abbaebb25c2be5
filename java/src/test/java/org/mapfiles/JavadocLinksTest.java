package org.mapfiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A link of the Javadoc to a method leads to it. Javadoc takes a name without parentheses for a field, or for a method
 * that is declared before, also if it is private and has no page. Then it prints the name without a link, and the
 * parameters of the private method.
 */
class JavadocLinksTest {
    private static final Pattern NAME_ONLY = Pattern.compile("\\{@link(?:plain)?\\s+([\\w.]*)#([a-z]\\w*)(?![\\w(])");

    @Test
    void linksNameTheParametersIfAHiddenMemberHasTheName() throws Exception {
        Documentation.assumePresent();
        List<Class<?>> types = Documentation.publicTypes();
        List<String> ambiguous = new ArrayList<>();
        int links = 0;
        for (Class<?> type : types) {
            if (type.getEnclosingClass() != null) {
                continue;
            }
            Path source = Documentation.ROOT.resolve(
                    "java/src/main/java/" + type.getName().replace('.', '/') + ".java");
            Matcher link = NAME_ONLY.matcher(Files.readString(source));
            while (link.find()) {
                links++;
                String named = "." + (link.group(1).isEmpty() ? type.getSimpleName() : link.group(1));
                if (types.stream()
                        .filter(each -> ("." + each.getCanonicalName()).endsWith(named))
                        .anyMatch(each -> isHidden(each, link.group(2)))) {
                    ambiguous.add(type.getSimpleName() + ": " + link.group());
                }
            }
        }
        assertThat(links).isPositive();
        assertThat(ambiguous).isEmpty();
    }

    /** Returns whether a public method of a type has the name of a member that is not public. */
    private static boolean isHidden(Class<?> type, String name) {
        List<Member> members = Stream.<Member>concat(
                        Arrays.stream(type.getDeclaredFields()), Arrays.stream(type.getDeclaredMethods()))
                .filter(member -> member.getName().equals(name) && !member.isSynthetic())
                .toList();
        return members.stream().anyMatch(member -> Modifier.isPublic(member.getModifiers()))
                && members.stream().anyMatch(member -> !Modifier.isPublic(member.getModifiers()));
    }
}
