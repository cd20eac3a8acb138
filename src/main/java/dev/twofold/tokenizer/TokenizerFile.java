package dev.twofold.tokenizer;

import dev.twofold.diag.Origin;
import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.SourceFile;
import dev.twofold.tokenizer.TokenizerProcess.LibraryException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A tokenizer.json, run by the Hugging Face tokenizers library in a process of its own. */
public final class TokenizerFile implements AutoCloseable {

    public static final String NAME = "tokenizer.json";

    /** A sound tokenizer is read in a second, and encodes a prompt in less; a machine may be busy. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Path file;
    private final TokenizerProcess tokenizer;

    private TokenizerFile(Path file, TokenizerProcess tokenizer) {
        this.file = file;
        this.tokenizer = tokenizer;
    }

    /**
     * @throws TwofoldException of kind INPUT if the directory has no tokenizer.json, or a malformed one
     */
    public static TokenizerFile open(Path directory) {
        Path file = directory.resolve(NAME);
        if (!SourceFile.exists(file)) {
            throw TwofoldException.input("there is no tokenizer")
                    .at(Origin.file(file))
                    .hint("copy tokenizer.json from the model's page, or save it with transformers' fast tokenizer");
        }
        TokenizerCheck.check(file, Integer.MAX_VALUE);
        try {
            return new TokenizerFile(file, TokenizerProcess.open(file, PATIENCE));
        } catch (LibraryException e) {
            throw TwofoldException.environment("the native library of the tokenizer cannot be loaded")
                    .found(String.valueOf(e.getMessage()))
                    .hint("check the directory it is unpacked to: DJL_CACHE_DIR, or .djl.ai in your home directory")
                    .cause(e);
        } catch (IOException e) {
            throw unusable(file, "the tokenizer cannot be read", e);
        }
    }

    private static TwofoldException unusable(Path file, String what, Exception e) {
        return TwofoldException.input(what)
                .at(Origin.file(file))
                .found(String.valueOf(e.getMessage()))
                .hint("download it again, or try a shorter text")
                .cause(e);
    }

    /**
     * The token ids of a text, with the special tokens that the tokenizer adds.
     *
     * @param vocabulary size of the model's vocabulary, which every id must be below
     */
    public int[] encode(String text, int vocabulary) {
        return ids(run(() -> tokenizer.encode(text)), vocabulary);
    }

    /**
     * The token ids of a message to a model, as it was taught to expect one.
     *
     * @param system what the model is told beside it
     * @throws TwofoldException of kind INPUT if the chat template cannot be rendered, or does not take this
     */
    public int[] encode(Conversation conversation, Optional<String> system, String user, int vocabulary) {
        try {
            String text = tokenizer.render(conversation.template(), conversation.variables(system, user));
            return ids(run(() -> tokenizer.encodePlain(text)), vocabulary);
        } catch (IOException e) {
            throw TwofoldException.input("the chat template cannot be rendered")
                    .at(Origin.file(file.resolveSibling("")))
                    .found(String.valueOf(e.getMessage()))
                    .hint(
                            "render it with transformers (apply_chat_template), and give what comes out with --prompt-file")
                    .cause(e);
        }
    }

    private int[] ids(long[] ids, int vocabulary) {
        for (long id : ids) {
            if (id < 0 || id >= vocabulary) {
                throw TwofoldException.input("the tokenizer makes tokens that the model does not have")
                        .at(Origin.file(file))
                        .found("token " + id)
                        .expected("below " + vocabulary)
                        .hint("put the tokenizer.json of this model beside it; this one belongs to another model");
            }
        }
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    /** The text of token ids; special tokens are left out. */
    public String decode(List<Integer> ids) {
        return run(() ->
                tokenizer.decode(ids.stream().mapToLong(Integer::longValue).toArray()));
    }

    /** What the tokenizer is asked for. */
    private interface Use<T> {
        T run() throws IOException;
    }

    private <T> T run(Use<T> use) {
        try {
            return use.run();
        } catch (IOException e) {
            throw unusable(file, "the tokenizer does not work", e);
        }
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
