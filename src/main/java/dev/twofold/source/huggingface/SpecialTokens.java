package dev.twofold.source.huggingface;

import dev.twofold.checkpoint.ConfigFile;
import dev.twofold.disk.SourceFile;
import dev.twofold.tokenizer.TokenizerCheck;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a checkpoint's tokenizer says of the tokens that begin and end texts.
 *
 * @param adds whether tokenizer_config.json says that texts begin, and that they end, with such a token
 * @param end what it calls the token that ends a text
 * @param found of it in tokenizer.json
 */
record SpecialTokens(Adds adds, Optional<String> end, TokenizerCheck.Found found) {

    private static final String CONFIG = "tokenizer_config.json";
    private static final String BEGIN_KEY = "add_bos_token";
    private static final String END_KEY = "add_eos_token";

    /** Empty for what is not said. */
    record Adds(Optional<Boolean> before, Optional<Boolean> after) {}

    /**
     * Checks the tokenizer on the way.
     *
     * @param vocabulary size of the model's
     */
    static SpecialTokens read(Path directory, int vocabulary) {
        Path file = directory.resolve(CONFIG);
        Optional<ConfigFile> config = SourceFile.exists(file) ? Optional.of(ConfigFile.read(file)) : Optional.empty();
        Optional<String> end = config.flatMap(read -> read.token("eos_token"));
        Path tokenizer = directory.resolve(TokenizerFile.NAME);
        TokenizerCheck.Found found = SourceFile.exists(tokenizer)
                ? TokenizerCheck.check(tokenizer, vocabulary, end.map(Set::of).orElse(Set.of()))
                : TokenizerCheck.Found.NOTHING;
        Adds adds = new Adds(
                config.flatMap(read -> read.flagIfPresent(BEGIN_KEY)),
                config.flatMap(read -> read.flagIfPresent(END_KEY)));
        return new SpecialTokens(adds, end, found);
    }

    /** The id of the token that ends a text, if the tokenizer names one that it has. */
    Optional<Integer> endToken() {
        return end.flatMap(token -> Optional.ofNullable(found.ids().get(token)));
    }

    /**
     * What users should know.
     *
     * @param ends the tokens at which generation stops
     */
    List<String> notes(List<Integer> ends) {
        List<String> notes = new ArrayList<>();
        if (ends.isEmpty()) {
            notes.add("note: neither config.json, generation_config.json nor " + CONFIG
                    + " names a token that ends a text: generation goes on to its limit");
        }
        endToken()
                .filter(token -> !ends.isEmpty() && !ends.contains(token))
                .ifPresent(token -> notes.add("note: generation stops at "
                        + ends.stream().map(String::valueOf).collect(Collectors.joining(", "))
                        + ", as in transformers, not at " + token + ", which " + CONFIG + " calls eos_token"));
        String contradicted = Stream.concat(
                        adds
                                .before()
                                .filter(says -> says != found.template().before())
                                .map(says -> BEGIN_KEY + " " + says)
                                .stream(),
                        adds
                                .after()
                                .filter(says -> says != found.template().after())
                                .map(says -> END_KEY + " " + says)
                                .stream())
                .collect(Collectors.joining(" and "));
        if (!contradicted.isEmpty() && found != TokenizerCheck.Found.NOTHING) {
            notes.add("note: " + CONFIG + " says " + contradicted + ", and the post_processor of " + TokenizerFile.NAME
                    + " something else; that counts, as in transformers 5");
        }
        return notes;
    }
}
