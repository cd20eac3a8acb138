package dev.twofold.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The findings of {@code twofold inspect} as one HTML page that needs no other file and no network: the document, the
 * page's styles and scripts, and Apache ECharts, which draws the charts, are all inside. Equal input gives an equal
 * page.
 */
public final class HtmlReport {

    private static final List<String> STYLES = List.of("page.css", "parts.css", "media.css");

    /** In the order in which they build on one another. */
    private static final List<String> SCRIPTS = List.of(
            "format.js",
            "scale.js",
            "chart.js",
            "plans.js",
            "verdict.js",
            "tables.js",
            "frontier.js",
            "compensation.js",
            "costs.js",
            "steps.js",
            "layers.js",
            "prediction.js",
            "report.js");

    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(JsonNodeFeature.WRITE_PROPERTIES_SORTED).build();

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{(\\w+)}}");

    private static final String ECHARTS = "META-INF/maven/org.mvnpm/echarts/pom.properties";

    private HtmlReport() {}

    /**
     * Renders the page.
     *
     * @param document what {@code inspect --format json} prints; names in it may hold any characters
     * @return the HTML, to be written as UTF-8
     */
    public static String render(JsonNode document) {
        String charts = "META-INF/resources/_static/echarts/" + echartsVersion() + "/";
        Map<String, String> parts = Map.of(
                "title",
                escaped(document.at("/model/name").asText() + " \u00b7 layer dependency \u00b7 Twofold"),
                "style",
                joined(STYLES),
                "document",
                embedded(document),
                "notice",
                read(charts + "NOTICE") + "\n" + read(charts + "licenses/LICENSE-d3") + "\n" + read(charts + "LICENSE"),
                "echarts",
                read(charts + "dist/echarts.min.js"),
                "script",
                joined(SCRIPTS));
        // One pass: what was put in is not searched again.
        return PLACEHOLDER
                .matcher(page("report.html"))
                .replaceAll(found -> Matcher.quoteReplacement(part(parts, found.group(1))));
    }

    private static String part(Map<String, String> parts, String name) {
        String part = parts.get(name);
        if (part == null) {
            throw new IllegalStateException("the page asks for an unknown part, " + name);
        }
        return part;
    }

    /** In JSON a less-than sign is always in a string; escaped, it can neither end the script nor open a comment. */
    private static String embedded(JsonNode document) {
        try {
            return MAPPER.writeValueAsString(document).replace("<", "\\u003c");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree can be written as JSON", e);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    private static String echartsVersion() {
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(read(ECHARTS)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    private static String joined(List<String> names) {
        return names.stream().map(HtmlReport::page).collect(Collectors.joining("\n"));
    }

    private static String page(String name) {
        return read("dev/twofold/report/" + name);
    }

    private static String read(String resource) {
        try (InputStream in = HtmlReport.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the class path lacks " + resource);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
