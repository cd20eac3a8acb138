package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;

/** transformers.js as it is published on npm; {@code tools/transformersjs/install.sh} puts it there. */
public final class TransformersJs {

    public static final Path TOOL = Path.of("tools", "transformersjs");

    private static final NodeTool NODE = new NodeTool(
            "transformers.js",
            TOOL,
            "node_modules/@huggingface/transformers/package.json",
            "TWOFOLD_REQUIRE_TRANSFORMERS_JS");

    private final ArrayNode jobs = JsonNodeFactory.instance.arrayNode();

    private TransformersJs() {}

    /** Something to run in Node.js, or skips the test that asks with a message on standard error. */
    public static TransformersJs start() {
        require();
        return new TransformersJs();
    }

    /** Skips the test that asks, with a message on standard error, if the library is not there. */
    public static void require() {
        NODE.require("models are not tested in transformers.js");
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
        return NODE.run("jobs.mjs", jobs).stream().map(Result::new).toList();
    }
}
