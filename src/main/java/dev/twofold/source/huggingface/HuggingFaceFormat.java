package dev.twofold.source.huggingface;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.diag.Origin;
import dev.twofold.disk.FileStamps;
import dev.twofold.disk.SourceFile;
import dev.twofold.source.Source;
import dev.twofold.source.SourceFormat;
import dev.twofold.source.huggingface.family.Families;
import dev.twofold.source.huggingface.family.Family;
import dev.twofold.stepwise.StepwiseConfig;
import dev.twofold.tokenizer.TokenizerCheck;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Checkpoints as the Hugging Face hub has them: a directory with config.json and safetensors. */
public final class HuggingFaceFormat implements SourceFormat {

    static final String CONFIG = "config.json";
    static final String GENERATION = "generation_config.json";

    /** Tokenizers of a quarter of a million tokens have 35 MB. */
    private static final long MAX_COMPANION = 256L << 20;

    /** Those that come with Twofold have 2 to 3 KB. */
    private static final long MAX_FAMILY = 64 << 10;

    @Override
    public String name() {
        return "huggingface";
    }

    @Override
    public String expected() {
        return "a Hugging Face checkpoint: a directory with config.json and safetensors";
    }

    @Override
    public boolean recognises(Path path) {
        return Files.isDirectory(path);
    }

    /** Reads config and headers; no weight. */
    @Override
    public Source open(Path directory) {
        ConfigFile config = config(directory);
        FileStamps stamps = FileStamps.of(directory);
        Checkpoint.sidecars(directory).forEach(file -> SourceFile.require(file, MAX_COMPANION));
        TensorIndex index = TensorIndex.read(directory);
        Decoder decoder = decoder(directory, config, Optional.of(index));
        checkTokenizer(directory, decoder.facts().vocabularySize());
        return new Checkpoint(directory, decoder, index.files(), stamps);
    }

    /** The decoder that config.json describes; no tensor is looked for. */
    @Override
    public Decoder describe(Path directory) {
        return decoder(directory, config(directory), Optional.empty());
    }

    private static ConfigFile config(Path directory) {
        return ConfigFile.read(directory.resolve(CONFIG));
    }

    private static Decoder decoder(Path directory, ConfigFile config, Optional<TensorIndex> index) {
        Path file = directory.resolve(CONFIG);
        String modelType = config.text("model_type").orElse("no model_type");
        config.object("text_config").ifPresent(text -> {
            throw config.wrong("text_config", "a model of more than text, which Twofold does not read")
                    .found(modelType)
                    .expected("a model of text only")
                    .hint("save its text part as a checkpoint of its own, of type "
                            + text.text("model_type").orElse("of text only"));
        });
        if (modelType.equals(StepwiseConfig.MODEL_TYPE)) {
            return StepwiseDecoder.read(directory, file, index);
        }
        Family family = ownFamily(directory).orElseGet(() -> Families.find(modelType, Origin.key(file, "model_type")));
        TensorSource tensors = index.map(found -> TensorSource.of(found, family.names()))
                .orElseGet(() -> TensorSource.described(file, family.names()));
        Decoder decoder = DecoderReader.read(directory, family, config, tensors, generation(directory));
        DecoderVerifier.verify(decoder);
        ModelLimits.check(file, decoder, family);
        return decoder;
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

    private static void checkTokenizer(Path directory, int vocabulary) {
        Path tokenizer = directory.resolve(TokenizerFile.NAME);
        if (SourceFile.exists(tokenizer)) {
            TokenizerCheck.check(tokenizer, vocabulary);
        }
    }
}
