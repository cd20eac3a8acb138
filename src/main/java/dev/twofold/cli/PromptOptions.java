package dev.twofold.cli;

import dev.twofold.diag.TwofoldException;
import dev.twofold.disk.TextFile;
import dev.twofold.tokenizer.Conversation;
import dev.twofold.tokenizer.TokenizerFile;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a model is given to go on from. */
final class PromptOptions {

    private static final String STANDARD_INPUT = "-";

    private static final long MAX_BYTES = 24L << 20;

    @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to go on from, taken as it is.")
    private @Nullable String text;

    @Option(
            names = "--prompt-file",
            paramLabel = "FILE",
            description = "A file of that text, '-' for standard input; its last line feed is left out.")
    private @Nullable String file;

    @Option(
            names = "--chat",
            description =
                    "Take the text for a message to the model, put into the words of its chat template, and print the"
                            + " answer alone.")
    private boolean chat;

    @Option(names = "--system", paramLabel = "TEXT", description = "With --chat, what the model is told first.")
    private @Nullable String system;

    /** A prompt that was read. */
    record Prompt(String text, boolean chat, Optional<String> system) {

        /** @param directory of the model's tokenizer */
        int[] encode(TokenizerFile tokenizer, Path directory, int vocabulary) {
            return chat
                    ? tokenizer.encode(Conversation.read(directory), system, text, vocabulary)
                    : tokenizer.encode(text, vocabulary);
        }
    }

    Prompt read() {
        if (text == null && file == null || text != null && file != null) {
            throw TwofoldException.usage(text == null ? "there is no prompt" : "there are two prompts")
                    .expected("--prompt TEXT or --prompt-file FILE");
        }
        if (system != null && !chat) {
            throw TwofoldException.usage("--system goes with --chat");
        }
        return new Prompt(text == null ? fromFile(file) : text, chat, Optional.ofNullable(system));
    }

    private static String fromFile(@Nullable String name) {
        String read = STANDARD_INPUT.equals(name)
                ? TextFile.read(System.in, "standard input", MAX_BYTES)
                : TextFile.read(Path.of(String.valueOf(name)), MAX_BYTES);
        return read.endsWith("\n") ? read.substring(0, read.length() - 1) : read;
    }
}
