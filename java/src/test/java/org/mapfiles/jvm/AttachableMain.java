package org.mapfiles.jvm;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A JVM to attach to. It writes READY and runs until its input ends. With an argument it listens at its attach socket
 * itself, as a hostile JVM may, and replies as the argument specifies.
 */
final class AttachableMain {
    private AttachableMain() {}

    /** A class for {@code -Djava.system.class.loader}, without the method that agents need. */
    public static final class PlainLoader extends ClassLoader {
        /** Called by the JVM. */
        public PlainLoader(ClassLoader parent) {
            super(parent);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Path socket = Path.of("/tmp/.java_pid" + Files.readSymbolicLink(Path.of("/proc/self")));
        if (arguments.length > 0) {
            ServerSocketChannel server =
                    ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
            Thread thread = new Thread(() -> listen(server, arguments[0]));
            thread.setDaemon(true);
            thread.start();
        }
        System.out.println("READY");
        while (System.in.read() >= 0) {
            continue;
        }
        if (arguments.length > 0) {
            Files.delete(socket);
        }
    }

    private static void listen(ServerSocketChannel server, String how) {
        for (; ; ) {
            try {
                answer(server.accept(), how);
            } catch (IOException | InterruptedException disconnected) {
                continue;
            }
        }
    }

    private static void answer(SocketChannel client, String how) throws IOException, InterruptedException {
        // the request; empty if the client only checks that the socket listens
        client.read(ByteBuffer.allocate(4096));
        switch (how) {
            case "never":
                return; // the connection stays open
            case "endlessly":
                write(client, "0\n");
                for (String line = "Polling page: 0x0000000000666000\n".repeat(1000); ; ) {
                    write(client, line);
                }
            case "slowly":
                for (write(client, "0\n"); ; Thread.sleep(10)) {
                    write(client, "x");
                }
            case "nothing":
                client.close();
                return;
            default:
                write(client, how.startsWith("@") ? Files.readString(Path.of(how.substring(1))) : how);
                client.close();
        }
    }

    private static void write(SocketChannel client, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }
}
