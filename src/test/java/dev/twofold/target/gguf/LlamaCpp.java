package dev.twofold.target.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;

/** llama.cpp as it is published on npm, in a process of its own; {@code tools/llamacpp/install.sh} puts it there. */
final class LlamaCpp {

    /** Set where a missing llama.cpp must fail the tests that need it, as in continuous integration. */
    private static final String REQUIRED = "TWOFOLD_REQUIRE_LLAMA_CPP";

    private static final Path TOOL = Path.of("tools", "llamacpp");
    private static final Path LIBRARY = TOOL.resolve("node_modules/@node-llama-cpp/linux-x64/package.json");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ArrayNode jobs = MAPPER.createArrayNode();

    private LlamaCpp() {}

    /** Something to run, or skips the test that asks with a message on standard error. */
    static LlamaCpp start() {
        if (!Files.exists(LIBRARY) || !runs("node", "--version")) {
            String message =
                    "no Node.js, or no llama.cpp for it: GGUF files are not tested in the runtime that they are for"
                            + " (tools/llamacpp/install.sh installs it)";
            if (System.getenv(REQUIRED) != null) {
                throw new AssertionError(message + "; " + REQUIRED + " is set");
            }
            System.err.println("SKIPPED: " + message);
            Assumptions.abort(message);
        }
        return new LlamaCpp();
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

    /** What came of a file. */
    record Result(JsonNode node) {

        /** Why the file could not be run; empty if it could. */
        String error() {
            return node.path("error").asText("");
        }

        /** The most likely tokens after the prompt. */
        List<Integer> generated() {
            return ids(node.path("generated"));
        }

        /** The logarithms of the probabilities of the scored tokens, from the second on. */
        double[] logs() {
            return StreamSupport.stream(node.path("logs").spliterator(), false)
                    .mapToDouble(JsonNode::asDouble)
                    .toArray();
        }

        /** The tokens of a text. */
        List<Integer> tokens(int text) {
            return ids(node.path("tokens").path(text));
        }

        double perplexity() {
            return Math.exp(-Arrays.stream(logs()).average().orElseThrow());
        }

        private static List<Integer> ids(JsonNode list) {
            return StreamSupport.stream(list.spliterator(), false)
                    .map(JsonNode::asInt)
                    .toList();
        }
    }

    /** Adds a file to be run. */
    ObjectNode model(Path file) {
        return jobs.addObject().put("model", file.toAbsolutePath().toString());
    }

    static void put(ObjectNode job, String key, int[] tokens) {
        ArrayNode list = job.putArray(key);
        IntStream.of(tokens).forEach(list::add);
    }

    /** Runs every file in the order in which they were added. */
    List<Result> run() throws IOException, InterruptedException {
        Process process = new ProcessBuilder("node", TOOL.resolve("run.mjs").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(MAPPER.writeValueAsBytes(MAPPER.createObjectNode().set("jobs", jobs)));
        }
        byte[] out = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new AssertionError("llama.cpp ended with " + process.exitValue());
        }
        return StreamSupport.stream(MAPPER.readTree(out).spliterator(), false)
                .map(Result::new)
                .toList();
    }
}
