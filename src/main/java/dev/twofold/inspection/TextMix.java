package dev.twofold.inspection;

import dev.twofold.diag.TwofoldException;
import dev.twofold.measure.TextWindows;
import dev.twofold.measure.TokenizedText;
import dev.twofold.source.Source;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Texts of which equal shares are taken, as far as they reach.
 *
 * @param length tokens in a window
 */
public record TextMix(List<Texts.Named> names, List<TokenizedText> texts, int length) {

    /** One part of so many of each text is not fitted to. */
    private static final int UNSEEN = 8;

    public TextMix {
        names = List.copyOf(names);
        texts = List.copyOf(texts);
    }

    /** The texts as a source's tokenizer reads them. */
    public static TextMix of(Source source, List<Texts.Named> names) {
        return new TextMix(names, WindowCut.encode(source, names), WindowCut.length(source.decoder()));
    }

    /** What to call all of them. */
    public String name() {
        return Texts.Named.together(names);
    }

    /** Tokens that can be predicted. */
    public int predictions() {
        return texts.stream().mapToInt(TokenizedText::predictions).reduce(0, Math::addExact);
    }

    /**
     * So many tokens to predict, in windows, of each text.
     *
     * @throws TwofoldException of kind INPUT if there is nothing to predict
     */
    List<TextWindows> cutEach(int tokens) {
        int[] shares = shares(tokens);
        if (IntStream.of(shares).sum() == 0) {
            throw TwofoldException.input("the text is too short")
                    .at(name())
                    .found(texts.stream().mapToInt(text -> text.whole().length).sum() + " tokens")
                    .expected("2 or more");
        }
        return IntStream.range(0, shares.length)
                .mapToObj(i -> TextWindows.cut(texts.get(i), length, shares[i]))
                .toList();
    }

    /** So many tokens to predict, in windows, of all texts. */
    public TextWindows cut(int tokens) {
        return TextWindows.joined(cutEach(tokens));
    }

    /**
     * What nothing was done with.
     *
     * @param cut tokens that {@link #cut} took
     * @param fitted tokens that {@link #spaced} took, 0 if nothing was fitted
     */
    TextMix unseen(int cut, int fitted) {
        int[] beginnings = shares(cut);
        int[] reaches = reaches(shares(fitted));
        return new TextMix(
                names,
                IntStream.range(0, reaches.length)
                        .mapToObj(i -> texts.get(i).from(Math.max(beginnings[i], reaches[i])))
                        .toList(),
                length);
    }

    /** How far into each text windows are spaced: an eighth stays unseen, unless all of the text is asked for. */
    private int[] reaches(int[] shares) {
        return IntStream.range(0, shares.length)
                .map(i -> shares[i] == 0 ? 0 : Math.max(shares[i], texts.get(i).predictions() / UNSEEN * (UNSEEN - 1)))
                .toArray();
    }

    /** Tokens of each text: whole windows in turn, and what is left of the tokens from the first that still has some. */
    private int[] shares(int tokens) {
        int[] shares = new int[texts.size()];
        int left = tokens;
        boolean taken = true;
        while (left >= length && taken) {
            taken = false;
            for (int i = 0; i < shares.length && left >= length; i++) {
                if (texts.get(i).predictions() - shares[i] >= length) {
                    shares[i] += length;
                    left -= length;
                    taken = true;
                }
            }
        }
        for (int i = 0; i < shares.length && left > 0; i++) {
            int rest = Math.min(left, texts.get(i).predictions() - shares[i]);
            shares[i] += rest;
            left -= rest;
        }
        return shares;
    }

    /**
     * So many tokens at most, in whole windows from all over the texts: neighbouring windows tell of the same things, and a fit
     * to the beginning of a text learns those.
     */
    List<TextWindows> spaced(int tokens) {
        int[] shares = shares(tokens);
        int[] reaches = reaches(shares);
        return IntStream.range(0, shares.length)
                .filter(i -> shares[i] >= length)
                .mapToObj(i -> TextWindows.cut(texts.get(i), length, reaches[i] / length * length)
                        .spaced(shares[i] / length))
                .toList();
    }
}
