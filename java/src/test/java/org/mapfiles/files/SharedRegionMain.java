package org.mapfiles.files;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import org.mapfiles.MappingQuery;
import org.mapfiles.ProcessMaps;

/**
 * An example: maps memory that another process shares and that has no path, such as MAP_SHARED|MAP_ANONYMOUS. Two such
 * JVMs read each other's writes, and so does the owner of the memory.
 *
 * <p>Arguments: a PID and the first address of the mapping in hexadecimal. Commands on stdin: {@code put INDEX VALUE}
 * and {@code get INDEX}. Each has a line as its reply.
 */
final class SharedRegionMain {
    private SharedRegionMain() {}

    public static void main(String[] arguments) throws IOException {
        long pid = Long.parseLong(arguments[0]);
        long start = Long.parseUnsignedLong(arguments[1], 16);
        try (ProcessMaps maps = ProcessMaps.of(pid)) {
            MappingQuery mapping = new MappingQuery();
            if (!maps.query(start, mapping)) {
                throw new IOException("nothing is mapped at " + arguments[1]);
            }
            try (MappedFile file = MapFiles.of(maps).openForWriting(mapping)) {
                serve(file.channel().map(MapMode.READ_WRITE, mapping.offset(), mapping.size()));
            }
        }
    }

    private static void serve(MappedByteBuffer memory) throws IOException {
        System.out.println("ready");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            int index = Integer.parseInt(words[1]);
            if (words[0].equals("put")) {
                memory.put(index, Byte.parseByte(words[2]));
            }
            System.out.println(memory.get(index));
        }
    }
}
