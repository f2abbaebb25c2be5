package org.mapfiles.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which method is at an address of this JVM's own code? */
class JvmCodeTest {
    static volatile int sink;

    @Test
    void compiledMethodsAndStubsAreFound() {
        JvmCode code = JvmCode.open();
        List<String> names = new ArrayList<>();
        code.forEach(each -> names.add(each.kind() + " " + each.tier() + " " + each.frames() + " " + each));
        assertThat(names).hasSizeGreaterThan(300);
        names.stream().limit(20).forEach(System.out::println);
        names.stream().filter(n -> n.startsWith("METHOD")).limit(40).forEach(System.out::println);
        System.out.println(code.counts());
    }
}
