package org.mapfiles.cli.output;

/**
 * Files whose functions are not named, for one reason.
 *
 * @param name of one of them
 * @param count of files
 * @param remedy for this one; null: none is known, or the reason has it
 */
public record UnnamedFiles(String name, int count, String remedy) {
    UnnamedFiles and(UnnamedFiles other) {
        UnnamedFiles first = name.compareTo(other.name) <= 0 ? this : other;
        return new UnnamedFiles(first.name, count + other.count, first.remedy);
    }

    /** Returns the message about them. */
    public String message(String reason) {
        return "no functions are named in " + this + ": " + reason + (remedy == null ? "" : ": " + remedy);
    }

    @Override
    public String toString() {
        return name + (count == 1 ? "" : " and " + (count - 1) + (count == 2 ? " more file" : " more files"));
    }
}
