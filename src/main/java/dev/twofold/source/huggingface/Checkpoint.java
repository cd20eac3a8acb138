package dev.twofold.source.huggingface;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.source.huggingface.family.Families;
import dev.twofold.source.huggingface.family.Family;
import dev.twofold.tokenizer.TokenizerCheck;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A Hugging Face checkpoint on disk.
 *
 * @param directory where it is
 * @param decoder what it computes; its weights are not read yet
 * @param weightFiles the safetensors files, in the order of their names
 */
public record Checkpoint(Path directory, Decoder decoder, List<Path> weightFiles) {

    private static final String CONFIG = "config.json";
    private static final String GENERATION = "generation_config.json";

    /** Tokenizers of a quarter of a million tokens have 35 MB. */
    private static final long MAX_COMPANION = 256L << 20;

    /** Those that come with Twofold have 2 to 3 KB. */
    private static final long MAX_FAMILY = 64 << 10;

    /** Files that a runtime reads beside the weights: copied to the output as they are. */
    private static final List<String> COMPANIONS = List.of(
            CONFIG,
            GENERATION,
            TokenizerFile.NAME,
            "tokenizer_config.json",
            "tokenizer.model",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "chat_template.jinja",
            "chat_template.json");

    /**
     * Reads config and headers; no weight.
     *
     * @throws TwofoldException of kind INPUT if the checkpoint is missing, malformed, or of an unsupported family
     */
    public static Checkpoint read(Path directory) {
        ConfigFile config = config(directory);
        sidecars(directory).forEach(Checkpoint::requireCompanion);
        TensorIndex index = TensorIndex.read(directory);
        Decoder decoder = decoder(directory, config, Optional.of(index));
        checkTokenizer(directory, decoder.facts().vocabularySize());
        return new Checkpoint(directory, decoder, index.files());
    }

    /**
     * The decoder that config.json describes. No tensor is looked for, so the weights have shapes, and cannot be read.
     *
     * @param directory with a config.json, and whatever else
     * @throws TwofoldException of kind INPUT if the config is missing, malformed, or of an unsupported family
     */
    public static Decoder describe(Path directory) {
        return decoder(directory, config(directory), Optional.empty());
    }

    private static ConfigFile config(Path directory) {
        requireDirectory(directory);
        return ConfigFile.read(directory.resolve(CONFIG));
    }

    private static Decoder decoder(Path directory, ConfigFile config, Optional<TensorIndex> index) {
        Path file = directory.resolve(CONFIG);
        String modelType = config.text("model_type").orElse("no model_type");
        config.object("text_config").ifPresent(text -> {
            throw config.wrong("text_config", "a model of more than text, which Twofold does not read")
                    .found(modelType)
                    .expected("a model of text only")
                    .hint("a checkpoint of its text part alone, of type "
                            + text.text("model_type").orElse("of its own"));
        });
        Family family = ownFamily(directory).orElseGet(() -> Families.find(modelType, Origin.key(file, "model_type")));
        TensorSource tensors = index.map(found -> TensorSource.of(found, family.names()))
                .orElseGet(() -> TensorSource.described(file, family.names()));
        Decoder decoder = DecoderReader.read(directory, family, config, tensors, generation(directory));
        DecoderVerifier.verify(decoder);
        ModelLimits.check(file, decoder, family);
        return decoder;
    }

    /** @throws TwofoldException of kind INPUT if there is no such directory */
    public static void requireDirectory(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw TwofoldException.input(Files.exists(directory) ? "not a directory" : "the checkpoint does not exist")
                    .at(Origin.file(directory))
                    .expected("a Hugging Face checkpoint: a directory with config.json and safetensors");
        }
    }

    private static Optional<Family> ownFamily(Path directory) {
        Path file = directory.resolve(Families.OWN);
        return SourceFile.exists(file)
                ? Optional.of(Families.parse(file, SourceFile.text(file, MAX_FAMILY)))
                : Optional.empty();
    }

    private static Optional<ConfigFile> generation(Path directory) {
        Path file = directory.resolve(GENERATION);
        return SourceFile.exists(file) ? Optional.of(ConfigFile.read(file)) : Optional.empty();
    }

    /** Tokenizer and configuration files that exist here. */
    public List<Path> companions() {
        return companions(directory);
    }

    private static List<Path> companions(Path directory) {
        return COMPANIONS.stream()
                .map(directory::resolve)
                .filter(SourceFile::exists)
                .toList();
    }

    /** What is read besides weights: companions, and the family's description if it is here. */
    private static Stream<Path> sidecars(Path directory) {
        Stream<Path> family = Stream.of(directory.resolve(Families.OWN)).filter(SourceFile::exists);
        return Stream.concat(companions(directory).stream(), family);
    }

    private static void requireCompanion(Path file) {
        SourceFile.require(file, MAX_COMPANION);
    }

    private static void checkTokenizer(Path directory, int vocabulary) {
        Path tokenizer = directory.resolve(TokenizerFile.NAME);
        if (SourceFile.exists(tokenizer)) {
            TokenizerCheck.check(tokenizer, vocabulary);
        }
    }

    /** Every file that the conversion depends on. */
    public List<Path> sources() {
        return Stream.concat(sidecars(directory), weightFiles.stream()).toList();
    }
}
