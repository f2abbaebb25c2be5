package org.mapfiles.files;

import java.util.Objects;
import org.mapfiles.MapsException;

/** The file was not opened, since nothing proves that what stands at its path is the mapped file, or it surely is another. */
public final class NotVerifiedException extends MapsException {
    private static final long serialVersionUID = 1;

    private final boolean surelyAnother;

    /** Makes the exception. */
    public NotVerifiedException(String message, boolean surelyAnother) {
        super(Objects.requireNonNull(message, "message"));
        this.surelyAnother = surelyAnother;
    }

    /** Whether nothing, or surely another file, stands at the path; else {@link MapFiles#openUnverified} opens it. */
    public boolean isSurelyAnother() {
        return surelyAnother;
    }
}
