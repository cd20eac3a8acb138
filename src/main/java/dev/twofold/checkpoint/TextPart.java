package dev.twofold.checkpoint;

import dev.twofold.family.Families;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The language model in a model of text and images. What it makes of text is what the whole makes of text alone.
 *
 * @param config of the language model, with what the whole says for it
 * @param whole model type of the whole
 */
public record TextPart(ConfigFile config, String whole) {

    /** Tensors of what sees images. */
    public static final List<String> OTHER_TENSORS = List.of(
            "vision_tower.*",
            "multi_modal_projector.*",
            "visual.*",
            "model.vision_tower.*",
            "model.multi_modal_projector.*",
            "model.visual.*");

    private static final String MODEL_TYPE = "model_type";
    private static final String PART = "text_config";
    private static final String TIED = "tie_word_embeddings";

    /** What the whole says for its language model. */
    private static final List<String> INHERITED = List.of(
            TIED,
            "bos_token_id",
            "eos_token_id",
            "pad_token_id",
            "quantization_config",
            "torch_dtype",
            "dtype",
            "transformers_version");

    /** What the whole says of images, in files that have everything in one object. */
    private static final List<String> OF_IMAGES = List.of(
            "vision_config",
            "image_token_id",
            "video_token_id",
            "vision_start_token_id",
            "vision_end_token_id",
            "vision_token_id");

    /**
     * Of a checkpoint; empty if it is a model of text only.
     *
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if it is one of another kind
     */
    public static Optional<TextPart> of(ConfigFile config) {
        String type = config.text(MODEL_TYPE).orElse("");
        Map<String, String> known = Families.textParts();
        Optional<ConfigFile> own = config.object(PART);
        if (!known.containsKey(type)) {
            own.ifPresent(text -> {
                throw config.wrong(PART, "a model of more than text, of a kind whose text is not read alone")
                        .found(type)
                        .expected("a model of text only, or one of " + String.join(", ", new TreeMap<>(known).keySet()))
                        .hint("save its language model as a checkpoint of its own, of model_type "
                                + text.text(MODEL_TYPE).orElse("of its own"));
            });
            return Optional.empty();
        }
        ConfigFile part = own.map(text -> config.part(PART, INHERITED)).orElseGet(() -> config.without(OF_IMAGES));
        String inner = own.flatMap(text -> text.text(MODEL_TYPE)).orElse(known.get(type));
        return Optional.of(new TextPart(tied(config, own, part).with(MODEL_TYPE, inner), type));
    }

    /** Releases differ in where they say it. */
    private static ConfigFile tied(ConfigFile whole, Optional<ConfigFile> own, ConfigFile part) {
        Optional<Boolean> outer = whole.flagIfPresent(TIED);
        Optional<Boolean> inner = own.flatMap(text -> text.flagIfPresent(TIED));
        return outer.filter(flag -> flag)
                .or(() -> inner)
                .or(() -> outer)
                .map(flag -> part.with(TIED, flag))
                .orElse(part);
    }

    /** What users should know. */
    public String note() {
        return "note: of this model of text and images (" + whole + ") the language model alone is read ("
                + config.text(MODEL_TYPE).orElse("") + ")";
    }
}
