package dev.twofold.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;

/**
 * A library from npm, in a directory of tools/ whose install.sh gets it, and a script there that runs jobs with it.
 *
 * @param name of the library, for people
 * @param directory of the tool
 * @param library a file that is there once it is installed, from the directory
 * @param required the variable that is set where a missing library must fail the tests that need it, as in continuous integration
 */
public record NodeTool(String name, Path directory, String library, String required) {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /**
     * Skips the test that asks, with a message on standard error, if the library is not there.
     *
     * @param untested what is not tested then
     */
    public void require(String untested) {
        if (Files.exists(directory.resolve(library)) && hasNode()) {
            return;
        }
        String message =
                "no Node.js, or no " + name + " for it: " + untested + " (" + directory + "/install.sh installs it)";
        if (System.getenv(required) != null) {
            throw new AssertionError(message + "; " + required + " is set");
        }
        System.err.println("SKIPPED: " + message);
        Assumptions.abort(message);
    }

    private static boolean hasNode() {
        try {
            return new ProcessBuilder("node", "--version")
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

    /** What a script makes of jobs, one after the other. */
    public List<JsonNode> run(String script, ArrayNode jobs) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("node", directory.resolve(script).toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(MAPPER.writeValueAsBytes(MAPPER.createObjectNode().set("jobs", jobs)));
        }
        byte[] out = process.getInputStream().readAllBytes();
        if (process.waitFor() != 0) {
            throw new AssertionError(name + " ended with " + process.exitValue());
        }
        return StreamSupport.stream(MAPPER.readTree(out).spliterator(), false).toList();
    }
}
