package dev.twofold.checkpoint;

import dev.twofold.diag.Origin;
import dev.twofold.family.Families;
import dev.twofold.family.TextParts;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The language model in a model of text and images. It makes of text what the whole makes of text alone, but for what its class
 * does to logits last, by a factor or a cap, which classes of wholes in transformers 5.24 leave out: the order of logits is the same.
 *
 * @param config of the language model, with what the whole says for it
 * @param whole model type of the whole
 */
public record TextPart(ConfigFile config, String whole) {

    private static final String MODEL_TYPE = "model_type";
    private static final String PART = "text_config";
    private static final String TIED = "tie_word_embeddings";
    /** What the numbers of a head are called, however they are stored. */
    private static final List<String> HEADS = List.of("lm_head.weight", "lm_head.qweight", "lm_head.weight_packed");

    /** Tensors of what sees images. */
    public static List<String> otherTensors() {
        return Families.textParts().tensors();
    }

    /**
     * Of a checkpoint; empty if it is a model of text only.
     *
     * @param tensors names of all that are stored; empty if only the configuration is there
     * @throws dev.twofold.diag.TwofoldException of kind INPUT if it is one of another kind
     */
    public static Optional<TextPart> of(ConfigFile config, Optional<? extends Collection<String>> tensors) {
        String type = config.text(MODEL_TYPE).orElse("");
        TextParts known = Families.textParts();
        Optional<ConfigFile> own = config.object(PART);
        Optional<TextParts.Whole> whole = Optional.ofNullable(known.wholes().get(type));
        if (whole.isEmpty()) {
            own.ifPresent(text -> refuse(config, text, type, known));
            return Optional.empty();
        }
        ConfigFile part =
                own.map(text -> config.part(PART, known.inherited())).orElseGet(() -> config.without(known.ofImages()));
        String inner =
                own.flatMap(text -> text.text(MODEL_TYPE)).orElse(whole.get().text());
        boolean untold = whole.get().tied()
                && tensors.filter(names ->
                                names.stream().noneMatch(name -> HEADS.stream().anyMatch(name::endsWith)))
                        .isPresent();
        ConfigFile filled =
                own.isPresent() ? part.withSizes(Families.classKeys().sizesOf(inner)) : part;
        ConfigFile told = tied(config, own, whole.get().inner(), untold)
                .map(flag -> filled.with(TIED, flag))
                .orElse(filled);
        return Optional.of(new TextPart(told.with(MODEL_TYPE, inner), type));
    }

    private static void refuse(ConfigFile config, ConfigFile text, String type, TextParts known) {
        String inner = text.text(MODEL_TYPE).orElse("of its own");
        Optional<String> because =
                Optional.ofNullable(known.refused().get(type)).or(() -> Families.unread(inner));
        String alone = "save its language model as a checkpoint of its own, of model_type " + inner;
        String described = Families.file(inner).isEmpty() ? ", with a file " + Families.OWN + " that describes it" : "";
        throw config.wrong(
                        PART,
                        "a model of more than text, of a kind whose text is not read alone"
                                + because.map(reason -> ": " + reason).orElse(""))
                .found(type)
                .expected("a model of text only, or one of "
                        + String.join(", ", new TreeSet<>(known.wholes().keySet())))
                .hint(because.isPresent() ? Families.NO_FILE_WILL_DO : alone + described);
    }

    /**
     * Releases differ in where they say it, and classes of wholes in whether they ask their part.
     *
     * @param untold whether it is where nothing is said
     */
    private static Optional<Boolean> tied(
            ConfigFile whole, Optional<ConfigFile> own, TextParts.Inner counts, boolean untold) {
        Optional<Boolean> outer =
                whole.flagIfPresent(TIED).or(() -> Optional.of(true).filter(flag -> untold));
        Optional<Boolean> inner = own.flatMap(text -> text.flagIfPresent(TIED));
        Optional<Boolean> asked = inner.or(() -> own.flatMap(TextPart::tiedByClass));
        return switch (counts) {
            case IF_UNSAID -> outer.or(() -> inner);
            case IF_DENIED -> outer.filter(flag -> flag).or(() -> asked).or(() -> outer);
            case NEVER -> outer.or(() -> Optional.of(false));
            case ALONE -> inner.or(() -> Optional.of(false));
        };
    }

    /** Yes, if the class of a part that says nothing says so; nothing otherwise. */
    private static Optional<Boolean> tiedByClass(ConfigFile part) {
        return part.text(MODEL_TYPE)
                .filter(type -> !Families.file(type).isEmpty())
                .map(type -> Families.find(type, Origin.key(Path.of("config.json"), MODEL_TYPE)))
                .map(family -> family.embedding().tied().otherwise().asBoolean())
                .filter(flag -> flag);
    }

    /** What users should know. */
    public String note() {
        return "note: of this model of text and images (" + whole + ") the language model alone is read ("
                + config.text(MODEL_TYPE).orElse("") + ")";
    }
}
