package dev.twofold.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.twofold.diag.TwofoldException;
import dev.twofold.diag.TwofoldException.Kind;
import dev.twofold.pass.PassSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reads a recipe from the entries that a manifest keeps. */
public final class StoredRecipe {

    private StoredRecipe() {}

    /**
     * @param origin the manifest's file, for messages
     * @throws TwofoldException of kind INPUT if a pass or an option is not known
     */
    public static Recipe read(List<JsonNode> entries, String origin) {
        if (entries.size() > PipelineReader.MAX_STEPS) {
            throw TwofoldException.input("a plan has at most " + PipelineReader.MAX_STEPS + " steps")
                    .at(origin)
                    .found(entries.size());
        }
        List<PassRequest<?>> requests = new ArrayList<>();
        for (JsonNode entry : entries) {
            if (entry.size() != 1 || !(entry.elements().next() instanceof ObjectNode options)) {
                throw TwofoldException.input("a step of the plan should be the name of a pass with its options")
                        .at(origin)
                        .found(entry);
            }
            requests.add(PassOptions.request(entry.fieldNames().next(), options, origin, Kind.INPUT));
        }
        return new Recipe(requests);
    }

    /**
     * A recipe without the passes that only change the form: what its graph should compute. What is rounded is rounded in the
     * form that the passes before it made. See {@link #read}.
     */
    public static Recipe computing(List<JsonNode> entries, String origin) {
        List<PassRequest<?>> passes = read(entries, origin).passes();
        int formed = IntStream.range(0, passes.size())
                .filter(i -> passes.get(i).spec().effect() == PassSpec.Effect.ROUNDING)
                .max()
                .orElse(-1);
        return new Recipe(IntStream.range(0, passes.size())
                .filter(i -> i <= formed || passes.get(i).spec().effect() == PassSpec.Effect.APPROXIMATE)
                .<PassRequest<?>>mapToObj(passes::get)
                .toList());
    }
}
