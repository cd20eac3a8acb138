package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.graph.lower.Padding;
import dev.twofold.pipeline.WebForms;
import dev.twofold.target.Target;
import dev.twofold.target.onnx.OnnxTarget;
import dev.twofold.target.onnx.WebType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that say for whom the files of an ONNX model are laid out, and in which types it is there. */
final class LayoutOptions {

    @Option(
            names = "--layout",
            paramLabel = "NAME",
            description =
                    "Lay the files out for ONNX Runtime GenAI (genai, default) or for transformers.js (transformersjs): models of"
                            + " several types in DIR/onnx, with a config.json for it.")
    private @Nullable OutputLayout layout;

    @Option(
            names = "--types",
            split = ",",
            paramLabel = "TYPE",
            description =
                    "With --layout transformersjs, the types to write, as transformers.js calls them: fp32,fp16,q4 (default), q8"
                            + " and q4f16. --dtype writes one, with all that goes with --dtype.")
    private @Nullable List<WebType> types;

    private boolean isWeb() {
        return layout == OutputLayout.TRANSFORMERSJS;
    }

    /** Whether the recipe is to say nothing of types, since several are made of what it makes. */
    boolean leavesTypesTo(RecipeOptions options) {
        return isWeb() && options.dtype().isEmpty();
    }

    /** transformers.js fills rows up before their tokens. */
    Padding padding() {
        return isWeb() ? Padding.ANY : Padding.RIGHT;
    }

    Target target(OnnxTarget graphs, RecipeOptions options) {
        if (!isWeb()) {
            if (types != null) {
                throw TwofoldException.usage("--types are those of transformers.js")
                        .hint("--layout transformersjs, or --dtype for one type");
            }
            return graphs;
        }
        return WebForms.target(graphs, options.dtype().isPresent() ? only(options) : several());
    }

    private List<WebType> several() {
        List<WebType> asked = types == null ? WebType.USUAL : types;
        if (asked.stream().distinct().count() != asked.size()) {
            throw TwofoldException.usage("--types names a type twice").found(asked);
        }
        return asked;
    }

    private List<WebType> only(RecipeOptions options) {
        if (types != null) {
            throw TwofoldException.usage("--dtype is one type, and --types are several")
                    .found("--types " + types)
                    .hint("leave out one of the two");
        }
        return List.of(WebType.of(options.arithmetic(), options.bits())
                .orElseThrow(() -> TwofoldException.usage("transformers.js has no name for models of this type")
                        .found("--dtype " + options.dtype().orElseThrow())
                        .hint("--dtype fp32, fp16, int4 or int8; or int4 with --around fp16")));
    }

    /** What is given of them. */
    Map<String, Optional<Object>> given() {
        Map<String, Optional<Object>> given = new LinkedHashMap<>();
        given.put("--layout", Optional.ofNullable(layout));
        given.put("--types", Optional.ofNullable(types));
        return given;
    }
}
