package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;

/** transformers.js as it is published on npm; {@code tools/transformersjs/install.sh} puts it there. */
public final class TransformersJs {

    /** Set where it must not be missing, as in continuous integration. */
    private static final String REQUIRED = "TWOFOLD_REQUIRE_TRANSFORMERS_JS";

    public static final Path TOOL = Path.of("tools", "transformersjs");
    private static final Path LIBRARY = TOOL.resolve("node_modules/@huggingface/transformers/package.json");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ArrayNode jobs = MAPPER.createArrayNode();

    private TransformersJs() {}

    /** Something to run in Node.js, or skips the test that asks with a message on standard error. */
    public static TransformersJs start() {
        require();
        return new TransformersJs();
    }

    /** Skips the test that asks, with a message on standard error, if the library is not there. */
    public static void require() {
        if (Files.exists(LIBRARY) && runs("node", "--version")) {
            return;
        }
        String message = "no Node.js, or no transformers.js for it: models are not tested in transformers.js"
                + " (tools/transformersjs/install.sh installs it)";
        if (System.getenv(REQUIRED) != null) {
            throw new AssertionError(message + "; " + REQUIRED + " is set");
        }
        System.err.println("SKIPPED: " + message);
        Assumptions.abort(message);
    }

    private static boolean runs(String... command) {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** What came of a model. */
    public record Result(JsonNode node) {

        /** Why it could not be run; empty if it could. */
        public String error() {
            return node.path("error").asText("");
        }

        /** The prompts with their continuations. */
        public List<String> texts() {
            return StreamSupport.stream(node.path("texts").spliterator(), false)
                    .map(JsonNode::asText)
                    .toList();
        }
    }

    /**
     * Adds a model to be run.
     *
     * @param output of {@code --layout transformersjs}
     * @param dtype as transformers.js calls it; empty for what its config.json says
     * @param count of tokens to write after the prompts, which are one batch
     */
    public void model(Path output, String dtype, int count, String... prompts) {
        ObjectNode job = jobs.addObject()
                .put("model", output.toAbsolutePath().toString())
                .put("count", count);
        if (!dtype.isEmpty()) {
            job.put("dtype", dtype);
        }
        List.of(prompts).forEach(job.putArray("prompts")::add);
    }

    /** Runs every model in the order in which they were added. */
    public List<Result> run() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("node", TOOL.resolve("jobs.mjs").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(MAPPER.writeValueAsBytes(MAPPER.createObjectNode().set("jobs", jobs)));
        }
        byte[] out = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new AssertionError("Node.js ended with " + process.exitValue());
        }
        return StreamSupport.stream(MAPPER.readTree(out).spliterator(), false)
                .map(Result::new)
                .toList();
    }
}
