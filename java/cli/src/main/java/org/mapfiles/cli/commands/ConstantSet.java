package org.mapfiles.cli.commands;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.mapfiles.cli.output.JsonLines;
import org.mapfiles.cli.target.Arguments;
import org.mapfiles.cli.target.UsageException;

/** Some constants, as the value of an option: names as in JSON, between commas. */
record ConstantSet<E extends Enum<E>>(Set<E> values) {
    /**
     * Parses the value of an option.
     *
     * @throws UsageException if a name is none of a constant
     */
    static <E extends Enum<E>> ConstantSet<E> parse(String text, Class<E> type) {
        Set<E> values = EnumSet.noneOf(type);
        for (String name : text.split(",", -1)) {
            values.add(constant(name, type));
        }
        return new ConstantSet<>(values);
    }

    /** Returns the names of all constants, for completion. */
    static <E extends Enum<E>> List<String> names(Class<E> type) {
        List<String> names = new ArrayList<>();
        for (E constant : type.getEnumConstants()) {
            names.add(JsonLines.constant(constant));
        }
        return names;
    }

    private static <E extends Enum<E>> E constant(String name, Class<E> type) {
        for (E constant : type.getEnumConstants()) {
            if (JsonLines.constant(constant).equals(name.toLowerCase(Locale.ROOT))) {
                return constant;
            }
        }
        throw new UsageException("'" + Arguments.display(name) + "' is none of " + String.join(", ", names(type)));
    }
}
