package org.mapfiles.cli.output;

import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;

/**
 * Writes a page that shows states of address spaces: one HTML file that needs no other file and no network.
 *
 * <p>Its Content-Security-Policy permits only its own scripts and style sheet, by hash, and no request.
 */
public final class MapPage {
    /** The version is that of the dependency in pom.xml. */
    private static final String CHARTS = "/META-INF/resources/webjars/echarts/5.3.1/dist/echarts.min.js";

    private static final List<String> SCRIPTS =
            List.of("page/model.js", "page/strip.js", "page/treemap.js", "page/page.js");

    /** Maximum bytes of a page, as long as its data alone do not need more: the table of mappings is cut. */
    private static final int MAX_PAGE = 7_800_000;

    private static final int MIN_TABLE = 500_000;

    private MapPage() {}

    /**
     * Writes the page.
     *
     * @param title of the page
     * @param states one, or two to compare
     * @param isSameProcess whether all states are of one run of one process, so that their ranges can be compared
     */
    public static void write(String title, List<PageState> states, boolean isSameProcess, OutputStream out)
            throws IOException {
        String style = resource("page/page.css");
        String charts = resource(CHARTS);
        StringBuilder script = new StringBuilder("\"use strict\";\n");
        for (String name : SCRIPTS) {
            script.append(resource(name));
        }
        String policy = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; style-src "
                + hash(style) + "; script-src " + hash(charts) + " " + hash(script.toString());
        text(
                out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                        + "<meta http-equiv=\"Content-Security-Policy\" content=\"" + policy + "\">\n"
                        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        + "<meta name=\"color-scheme\" content=\"light dark\">\n"
                        + "<link rel=\"icon\" href=\"data:,\">\n<title>" + PageTable.escape(title) + "</title>\n<style>"
                        + style + "</style>\n</head>\n<body>\n<h1>" + PageTable.escape(title) + "</h1>\n");
        text(out, resource("page/page.html"));
        ByteArrayOutputStream data = new ByteArrayOutputStream();
        PageData.write(states, isSameProcess, data);
        int rest = MAX_PAGE - charts.length() - script.length() - data.size();
        text(out, "<noscript>\n" + PageTable.of(states, Math.max(MIN_TABLE, rest)) + "</noscript>\n");
        text(out, "<script type=\"application/json\" id=\"data\">");
        data.writeTo(out);
        text(out, "</script>\n<script>" + charts + "</script>\n<script>" + script + "</script>\n</body>\n</html>\n");
    }

    private static void text(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = MapPage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new FileNotFoundException("this jar of mapfiles is incomplete: it has no " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(hash) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
