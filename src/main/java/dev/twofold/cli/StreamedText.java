package dev.twofold.cli;

import dev.twofold.tokenizer.TokenizerFile;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Prints text while its tokens arrive. A character may take several tokens, and how a token reads may depend on those
 * before it, so the whole is decoded each time and what is new and complete is printed.
 */
final class StreamedText {

    private static final char INCOMPLETE = '\uFFFD';

    private final TokenizerFile tokenizer;
    private final PrintWriter out;
    private final List<Integer> ids = new ArrayList<>();
    private final int prompt;
    private String printed = "";

    /** @param echo whether to print the prompt before what follows */
    StreamedText(TokenizerFile tokenizer, int[] prompt, boolean echo, PrintWriter out) {
        this.tokenizer = tokenizer;
        this.out = out;
        this.prompt = prompt.length;
        Arrays.stream(prompt).forEach(ids::add);
        if (echo) {
            print();
        } else {
            printed = tokenizer.decode(ids);
        }
    }

    boolean accept(int token) {
        ids.add(token);
        print();
        return !out.checkError();
    }

    /** Number of tokens that arrived. */
    int tokens() {
        return ids.size() - prompt;
    }

    /** Prints what is left, complete or not. */
    void finish() {
        print(tokenizer.decode(ids));
    }

    private void print() {
        String text = tokenizer.decode(ids);
        if (!text.isEmpty() && text.charAt(text.length() - 1) != INCOMPLETE) {
            print(text);
        }
    }

    private void print(String text) {
        if (!text.startsWith(printed)) {
            return;
        }
        out.print(text.substring(printed.length()));
        out.flush();
        printed = text;
    }
}
