package org.mapfiles.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Calls every public method of a holder without a result. */
public final class EmptyHolder {
    /** Stands for any return value. */
    public static final Object ANYTHING = new Object();

    private EmptyHolder() {}

    /**
     * Checks that each method of a holder throws IllegalStateException or IndexOutOfBoundsException, or has a given
     * result.
     *
     * @param answers results of methods, by name; null and ANYTHING are values
     * @return the number of calls
     */
    public static int check(Object holder, Map<String, Object> answers) throws IllegalAccessException {
        int calls = 0;
        for (Method method : holder.getClass().getMethods()) {
            if (Modifier.isStatic(method.getModifiers()) || method.getDeclaringClass() == Object.class) {
                continue;
            }
            for (Object[] arguments : arguments(method.getParameterTypes())) {
                checkCall(holder, method, arguments, answers);
                calls++;
            }
        }
        return calls;
    }

    private static void checkCall(Object holder, Method method, Object[] arguments, Map<String, Object> answers)
            throws IllegalAccessException {
        String call = holder.getClass().getSimpleName() + '.' + method.getName() + List.of(arguments);
        String name = method.getName();
        try {
            Object answer = method.invoke(holder, arguments);
            if (!answers.containsKey(name)) {
                fail(call + " of a holder without an answer returns " + answer);
            }
            if (answers.get(name) != ANYTHING) {
                assertThat(answer).as(call).isEqualTo(answers.get(name));
            }
        } catch (InvocationTargetException e) {
            assertThat(answers).as(call + " throws " + e.getCause()).doesNotContainKey(name);
            assertThat(e.getCause())
                    .as(call)
                    .isInstanceOfAny(IllegalStateException.class, IndexOutOfBoundsException.class)
                    .message()
                    .isNotBlank();
        }
    }

    /** Returns all combinations of ordinary values and values at the edge of each type. */
    private static List<Object[]> arguments(Class<?>[] types) {
        List<Object[]> combinations = new ArrayList<>();
        combinations.add(new Object[0]);
        for (Class<?> type : types) {
            List<Object[]> longer = new ArrayList<>();
            for (Object[] begun : combinations) {
                for (Object value : values(type)) {
                    Object[] next = Arrays.copyOf(begun, begun.length + 1);
                    next[begun.length] = value;
                    longer.add(next);
                }
            }
            combinations = longer;
        }
        return combinations;
    }

    private static List<Object> values(Class<?> type) {
        if (type == int.class) {
            return List.of(-1, 0, 1, Integer.MAX_VALUE, Integer.MIN_VALUE);
        }
        if (type == long.class) {
            return List.of(0L, -1L, 1L, Long.MIN_VALUE);
        }
        if (type == byte[].class) {
            return List.of(new byte[0], new byte[32]);
        }
        if (type == ByteBuffer.class) {
            return List.of(ByteBuffer.allocate(0), ByteBuffer.allocate(32));
        }
        throw new IllegalArgumentException("no value of " + type + " is known: add one");
    }
}
