package org.mapfiles.cli.commands;

import org.mapfiles.Mapping;
import org.mapfiles.cli.target.NamePattern;
import org.mapfiles.cli.target.PermissionPattern;
import org.mapfiles.cli.target.PositiveNumber;
import org.mapfiles.cli.target.Target;
import org.mapfiles.cli.target.UsageException;
import org.mapfiles.jvm.JvmRegions;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Makes values of the texts of a command line. Each class is a converter for picocli. */
public final class Converters {
    private Converters() {}

    /**
     * Converts a text without picocli.
     *
     * @param name simple name of one of these classes
     * @throws UsageException if the text is no such value
     */
    public static Object convert(String name, String text) {
        switch (name) {
            case "OfTarget":
                return Target.parse(text);
            case "OfNumber":
                return PositiveNumber.ofOption(text);
            case "OfName":
                return NamePattern.parse(text);
            case "OfPermissions":
                return PermissionPattern.parse(text);
            case "OfKinds":
                return ConstantSet.parse(text, Mapping.Kind.class);
            case "OfRegions":
                return ConstantSet.parse(text, JvmRegions.Kind.class);
            default:
                throw new AssertionError(name);
        }
    }

    /** Picocli prints the message of its own exception only. */
    private abstract static class Converter<T> implements ITypeConverter<T> {
        @Override
        @SuppressWarnings("unchecked") // the name is that of the subclass
        public final T convert(String text) {
            try {
                return (T) Converters.convert(getClass().getSimpleName(), text);
            } catch (UsageException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    static final class OfTarget extends Converter<Target> {}

    static final class OfNumber extends Converter<Integer> {}

    static final class OfName extends Converter<NamePattern> {}

    static final class OfPermissions extends Converter<PermissionPattern> {}

    static final class OfKinds extends Converter<ConstantSet<Mapping.Kind>> {}

    static final class OfRegions extends Converter<ConstantSet<JvmRegions.Kind>> {}
}
