package dev.twofold.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@code twofold.json} says of an output: where it came from, what was done to it, and the hash of every file.
 * Equal input gives an equal manifest, so it holds neither times nor absolute paths.
 *
 * @param twofold version of the tool
 * @param source the checkpoint
 * @param plan the passes with their options, as a pipeline's {@code steps}
 * @param emission how the model was written
 * @param model what came out
 * @param files every other file of the directory
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Manifest(
        String twofold,
        Source source,
        List<JsonNode> plan,
        Emission emission,
        Model model,
        SortedMap<String, FileFact> files) {

    public static final String NAME = "twofold.json";

    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    /**
     * @param name the checkpoint directory's name
     * @param files its files by name
     */
    public record Source(String name, SortedMap<String, Long> files) {}

    /** Options of the emission, as the command line spells them. */
    public record Emission(String dialect, String kvLayout, String dtype) {}

    /**
     * @param layers layers of the checkpoint
     * @param pairs groups of layers that run side by side
     * @param allReduces all-reduces a token when sharded
     * @param endTokens ids at which generation stops
     */
    public record Model(
            int layers,
            int effectiveDepth,
            List<List<Integer>> pairs,
            int allReduces,
            int contextLength,
            int vocabularySize,
            List<Integer> endTokens) {}

    /** Length in bytes and SHA-256 in hexadecimal. */
    public record FileFact(long bytes, String sha256) {}

    public Manifest {
        plan = List.copyOf(plan);
        source = new Source(source.name(), new TreeMap<>(source.files()));
        files = new TreeMap<>(files);
    }

    /** Writes {@code twofold.json} into a directory. */
    public void write(Path directory) {
        Path file = directory.resolve(NAME);
        try {
            Files.writeString(file, MAPPER.writeValueAsString(this) + "\n");
        } catch (IOException e) {
            throw TwofoldException.environment("cannot write the file")
                    .at(Origin.file(file))
                    .found(e)
                    .cause(e);
        }
    }

    /** @throws TwofoldException of kind INPUT if the directory is not an output of Twofold */
    public static Manifest read(Path directory) {
        Path file = directory.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            throw TwofoldException.input(
                            Files.isDirectory(directory) ? "not an output of Twofold" : "no such directory")
                    .at(Origin.file(directory))
                    .expected("a directory with " + NAME + " in it, as 'twofold convert' makes");
        }
        try {
            JsonNode document = MAPPER.readTree(file.toFile());
            if (!document.isObject()) {
                throw TwofoldException.input("the manifest is not a JSON object")
                        .at(Origin.file(file));
            }
            return MAPPER.treeToValue(document, Manifest.class);
        } catch (JsonProcessingException e) {
            throw TwofoldException.input("the manifest is malformed")
                    .at(Origin.file(file))
                    .found(e.getOriginalMessage().lines().findFirst().orElse(""))
                    .hint("convert the checkpoint again")
                    .cause(e);
        } catch (IOException e) {
            throw TwofoldException.input("the manifest cannot be read")
                    .at(Origin.file(file))
                    .found(e)
                    .hint("convert the checkpoint again")
                    .cause(e);
        }
    }
}
