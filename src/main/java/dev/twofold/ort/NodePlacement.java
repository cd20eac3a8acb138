package dev.twofold.ort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Where ONNX Runtime runs the nodes of a model: what a provider has no kernel for runs on the CPU, and its values travel.
 *
 * @param there nodes that run on the provider that was asked for
 * @param elsewhere how many others there are of each operator
 */
public record NodePlacement(int there, SortedMap<String, Integer> elsewhere) {

    /** What ONNX Runtime adds where values travel from one provider to another. */
    private static final String COPY = "Memcpy";

    /**
     * Runs one token and looks where it went.
     *
     * @throws TwofoldException as {@link ModelSession#open}
     */
    public static NodePlacement of(Path directory, SessionSetup setup) {
        try {
            Path profile = Files.createTempDirectory("twofold-profile");
            try (ModelSession session = ModelSession.profiled(directory, setup, profile.resolve("run"))) {
                session.run(new long[][] {{0}}, Rows.ones(1, 1), session.emptyCache(1))
                        .cache()
                        .close();
                Path events = session.endProfiling();
                return read(events, setup.provider());
            } finally {
                delete(profile);
            }
        } catch (IOException e) {
            throw TwofoldException.environment("ONNX Runtime's profile of the model cannot be read")
                    .at(Origin.file(directory))
                    .found(e)
                    .cause(e);
        }
    }

    /** What cannot be deleted stays with the system's other temporary files: the run itself says what was wrong. */
    private static void delete(Path directory) {
        List<Path> all = new ArrayList<>();
        try (Stream<Path> files = Files.list(directory)) {
            files.forEach(all::add);
        } catch (IOException e) {
            return;
        }
        all.add(directory);
        all.forEach(path -> path.toFile().delete());
    }

    /** @param events what ONNX Runtime wrote of a run */
    static NodePlacement read(Path events, Provider provider) throws IOException {
        Map<String, String> operators = new HashMap<>();
        Map<String, String> providers = new HashMap<>();
        for (JsonNode event : new ObjectMapper().readTree(events.toFile())) {
            JsonNode at = event.path("args").path("provider");
            if (at.isTextual() && !event.path("args").path("op_name").asText().startsWith(COPY)) {
                String node = event.path("args").path("node_index").asText()
                        + event.path("name").asText();
                operators.put(node, event.path("args").path("op_name").asText());
                providers.put(node, at.asText());
            }
        }
        SortedMap<String, Integer> elsewhere = new TreeMap<>();
        operators.forEach((node, operator) -> {
            if (isElsewhere(providers.getOrDefault(node, ""), provider)) {
                elsewhere.merge(operator, 1, Integer::sum);
            }
        });
        int others = elsewhere.values().stream().mapToInt(Integer::intValue).sum();
        return new NodePlacement(operators.size() - others, elsewhere);
    }

    /** Whatever a plugin is called, what it leaves runs on the CPU. */
    private static boolean isElsewhere(String ran, Provider asked) {
        return ran.equals("CPUExecutionProvider") != asked.isCpu();
    }

    /** For people; empty if every node is where it was asked for. */
    public String describe(Provider provider) {
        if (elsewhere.isEmpty()) {
            return "";
        }
        int others = elsewhere.values().stream().mapToInt(Integer::intValue).sum();
        StringBuilder text = new StringBuilder("note: " + others + " of " + (there + others) + " nodes do not run on "
                + provider + " but on the CPU:");
        elsewhere.forEach((operator, count) ->
                text.append(' ').append(count).append(' ').append(operator).append(','));
        text.setLength(text.length() - 1);
        return text.toString();
    }
}
