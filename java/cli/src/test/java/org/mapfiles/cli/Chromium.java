package org.mapfiles.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A headless Chromium, driven by the DevTools protocol. It collects all messages of the console. */
public final class Chromium implements AutoCloseable {
    private static final long SECONDS = 120;

    private final Process process;
    private final WebSocket socket;
    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();
    private final List<String> messages = new ArrayList<>();
    private int lastId;

    /** Starts the browser with a new profile. */
    public Chromium(Path program, Path directory) throws Exception {
        Path profile = Files.createDirectory(directory.resolve("profile"));
        ProcessBuilder browser = new ProcessBuilder(
                        program.toString(),
                        "--headless=new",
                        "--no-sandbox", // its sandbox does not work for root, and the page is of this test
                        "--disable-gpu",
                        "--hide-scrollbars",
                        "--window-size=1400,1250",
                        "--user-data-dir=" + profile,
                        "--remote-debugging-port=0",
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("chromium.log").toFile());
        browser.environment().put("TMPDIR", directory.toString()); // what it leaves there is removed too
        process = browser.start();
        try {
            String port = port(profile);
            HttpClient client = HttpClient.newHttpClient();
            String targets = client.send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/json/list"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            String address = "";
            for (JsonNode target : RowSchema.MAPPER.readTree(targets)) {
                if (target.get("type").asString().equals("page")) {
                    address = target.get("webSocketDebuggerUrl").asString();
                }
            }
            socket = client.newWebSocketBuilder()
                    .buildAsync(URI.create(address), new Receiver())
                    .get(SECONDS, TimeUnit.SECONDS);
            for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
                call(domain + ".enable", "{}");
            }
        } catch (Exception | Error e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** Returns the browser of this machine. */
    public static Optional<Path> program() {
        return Stream.of("chromium", "chromium-browser", "google-chrome")
                .map(name -> Path.of("/usr/bin", name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private String port(Path profile) throws Exception {
        Path file = profile.resolve("DevToolsActivePort");
        for (long end = System.nanoTime() + SECONDS * 1_000_000_000; System.nanoTime() < end; Thread.sleep(50)) {
            if (Files.exists(file) && !Files.readString(file).isEmpty()) {
                return Files.readAllLines(file).get(0);
            }
            if (!process.isAlive()) {
                throw new IOException("chromium has exited with code " + process.exitValue());
            }
        }
        throw new IOException("chromium has not opened its port in time");
    }

    /** Collects messages of the protocol. A message may come in parts. */
    private final class Receiver implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean isLast) {
            text.append(data);
            if (isLast) {
                received.add(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }
    }

    private JsonNode receive() throws Exception {
        String message = received.poll(SECONDS, TimeUnit.SECONDS);
        if (message == null) {
            throw new IOException("chromium has not responded in time");
        }
        JsonNode node = RowSchema.MAPPER.readTree(message);
        String method = node.has("method") ? node.get("method").asString() : "";
        boolean isRequest = method.equals("Network.requestWillBeSent")
                && !node.get("params").get("request").get("url").asString().startsWith("file:")
                && !node.get("params").get("request").get("url").asString().startsWith("data:");
        if (isRequest
                || method.equals("Runtime.consoleAPICalled")
                || method.equals("Runtime.exceptionThrown")
                || method.equals("Log.entryAdded")) {
            messages.add(message);
        }
        return node;
    }

    private JsonNode call(String method, String parameters) throws Exception {
        int id = ++lastId;
        socket.sendText("{\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":" + parameters + "}", true)
                .get(SECONDS, TimeUnit.SECONDS);
        for (; ; ) {
            JsonNode node = receive();
            if (node.has("id") && node.get("id").asInt() == id) {
                if (node.has("error")) {
                    throw new IOException(method + ": " + node.get("error"));
                }
                return node.get("result");
            }
        }
    }

    /** Opens a page and waits until it is loaded. */
    public void open(Path page) throws Exception {
        call("Page.navigate", "{\"url\":\"" + page.toUri() + "\"}");
        for (; ; ) {
            JsonNode node = receive();
            if (node.has("method") && node.get("method").asString().equals("Page.loadEventFired")) {
                return;
            }
        }
    }

    /** Evaluates an expression after the next two frames. Returns its value as text. */
    public String evaluate(String expression) throws Exception {
        ObjectNode parameters = RowSchema.MAPPER.createObjectNode();
        parameters.put(
                "expression",
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(String(" + expression
                        + ")))))");
        parameters.put("awaitPromise", true);
        JsonNode result = call("Runtime.evaluate", parameters.toString());
        if (result.has("exceptionDetails")) {
            throw new IOException(expression + ": " + result.get("exceptionDetails"));
        }
        return result.get("result").get("value").asString();
    }

    /** Turns dark mode, and JavaScript, on or off. */
    public void emulate(boolean isDark, boolean hasScript) throws Exception {
        call(
                "Emulation.setEmulatedMedia",
                "{\"features\":[{\"name\":\"prefers-color-scheme\",\"value\":\"" + (isDark ? "dark" : "light")
                        + "\"}]}");
        call("Emulation.setScriptExecutionDisabled", "{\"value\":" + !hasScript + "}");
    }

    /** Presses a key that makes a character. */
    public void press(String key) throws Exception {
        call("Input.dispatchKeyEvent", "{\"type\":\"keyDown\",\"key\":\"" + key + "\"}");
        call("Input.dispatchKeyEvent", "{\"type\":\"keyUp\",\"key\":\"" + key + "\"}");
    }

    /** Moves the mouse. */
    public void moveTo(int x, int y) throws Exception {
        call("Input.dispatchMouseEvent", "{\"type\":\"mouseMoved\",\"x\":" + x + ",\"y\":" + y + "}");
    }

    public void screenshot(Path file) throws Exception {
        String png = call("Page.captureScreenshot", "{\"format\":\"png\"}")
                .get("data")
                .asString();
        Files.write(file, Base64.getDecoder().decode(png));
    }

    /** Returns all messages of the console, exceptions, and requests for something else than a file, so far. */
    public List<String> messages() {
        return messages;
    }

    @Override
    public void close() {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        process.onExit().join();
    }
}
