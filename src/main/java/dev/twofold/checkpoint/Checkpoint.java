package dev.twofold.checkpoint;

import dev.twofold.decoder.Decoder;
import dev.twofold.decoder.DecoderVerifier;
import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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

    /** Files that a runtime reads beside the weights: copied to the output as they are. */
    private static final List<String> COMPANIONS = List.of(
            CONFIG,
            GENERATION,
            "tokenizer.json",
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
        requireDirectory(directory);
        ConfigFile config = ConfigFile.read(directory.resolve(CONFIG));
        String family = config.text("model_type").orElse("no model_type");
        if (!family.equals("llama")) {
            throw LlamaConfig.unsupportedFamily(config, family);
        }
        LlamaConfig llama = LlamaConfig.read(config);
        TensorIndex index = TensorIndex.read(directory);
        Decoder decoder = LlamaReader.read(directory, llama, index, endTokens(directory, llama));
        DecoderVerifier.verify(decoder);
        return new Checkpoint(directory, decoder, index.files());
    }

    /** @throws TwofoldException of kind INPUT if there is no such directory */
    public static void requireDirectory(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw TwofoldException.input(Files.exists(directory) ? "not a directory" : "the checkpoint does not exist")
                    .at(Origin.file(directory))
                    .expected("a Hugging Face checkpoint: a directory with config.json and safetensors");
        }
    }

    /** generation_config.json overrides what config.json says, as in transformers. */
    private static List<Integer> endTokens(Path directory, LlamaConfig config) {
        Path generation = directory.resolve(GENERATION);
        if (!Files.exists(generation)) {
            return config.endTokens();
        }
        List<Integer> tokens = ConfigFile.read(generation).tokens("eos_token_id", config.vocabulary());
        return tokens.isEmpty() ? config.endTokens() : tokens;
    }

    /** Tokenizer and configuration files that exist here. */
    public List<Path> companions() {
        return COMPANIONS.stream()
                .map(directory::resolve)
                .filter(Files::isRegularFile)
                .toList();
    }

    /** Every file that the conversion depends on. */
    public List<Path> sources() {
        return Stream.concat(companions().stream(), weightFiles.stream()).toList();
    }
}
