package org.mapfiles.cli.output;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.mapfiles.internal.ErrorText;

/** Standard input. A failure to read it names it: a command reads files too. */
final class StandardInput extends FilterInputStream {
    StandardInput(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        try {
            return super.read();
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
        try {
            return super.read(bytes, from, length);
        } catch (IOException e) {
            throw named(e);
        }
    }

    @Override
    public int available() throws IOException {
        try {
            return super.available();
        } catch (IOException e) {
            throw named(e);
        }
    }

    private static IOException named(IOException failure) {
        return new IOException("standard input cannot be read: " + ErrorText.of(failure), failure);
    }
}
