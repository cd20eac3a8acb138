package dev.twofold.source.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.twofold.gguf.HeaderReader;
import dev.twofold.gguf.Metadata;
import dev.twofold.testing.GgufBuilder;
import dev.twofold.tokenizer.TokenizerFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The merges of random vocabularies against what SentencePiece does, which is written down here. */
final class PieceMergesTest {

    private static final String LETTERS = "ab\u2581";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void make_the_pieces_of_sentencepiece(long seed) throws IOException {
        Random random = new Random(seed);
        Map<String, Integer> ids = vocabulary(random);
        List<Double> scores = scores(ids.size(), random);
        try (TokenizerFile tokenizer = TokenizerFile.open(written(ids, scores))) {
            for (int i = 0; i < 60; i++) {
                String text = text(random);
                List<Integer> expected = sentencePiece(text.replace(' ', '\u2581'), ids, scores);
                assertThat(Arrays.stream(tokenizer.encode(text, ids.size()))
                                .boxed()
                                .toList())
                        .as(text)
                        .isEqualTo(expected);
            }
        }
    }

    /** One for the unknown, the letters, and pieces of up to six of them. */
    private static Map<String, Integer> vocabulary(Random random) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        ids.put("<unk>", 0);
        LETTERS.chars().forEach(letter -> ids.put(Character.toString(letter), ids.size()));
        while (ids.size() < 60) {
            StringBuilder piece = new StringBuilder();
            for (int length = 2 + random.nextInt(5); length > 0; length--) {
                piece.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            }
            ids.putIfAbsent(piece.toString(), ids.size());
        }
        return ids;
    }

    private static List<Double> scores(int count, Random random) {
        List<Double> scores = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            scores.add(-(double) i);
        }
        Collections.shuffle(scores, random);
        return scores;
    }

    private static String text(Random random) {
        StringBuilder text = new StringBuilder();
        for (int length = 1 + random.nextInt(30); length > 0; length--) {
            text.append("ab ".charAt(random.nextInt(3)));
        }
        return text.toString();
    }

    private Path written(Map<String, Integer> ids, List<Double> scores) throws IOException {
        ByteBuffer numbers = ByteBuffer.allocate(4 * scores.size()).order(ByteOrder.LITTLE_ENDIAN);
        scores.forEach(score -> numbers.putFloat(score.floatValue()));
        Path file = GgufBuilder.empty()
                .text("tokenizer.ggml.model", "llama")
                .texts("tokenizer.ggml.tokens", List.copyOf(ids.keySet()))
                .list("tokenizer.ggml.scores", GgufBuilder.FLOAT32, scores.size(), numbers.array())
                .number("tokenizer.ggml.unknown_token_id", 0)
                .number("tokenizer.ggml.bos_token_id", -1)
                .number("tokenizer.ggml.eos_token_id", -1)
                .flag("tokenizer.ggml.add_bos_token", 0)
                .flag("tokenizer.ggml.add_space_prefix", 0)
                .write(directory.resolve("tokens.gguf"));
        Vocabulary vocabulary = Vocabulary.read(new Metadata(HeaderReader.read(file)), ids.size())
                .orElseThrow();
        try (OutputStream out = Files.newOutputStream(directory.resolve(TokenizerFile.NAME))) {
            TokenizerDocument.write(vocabulary, out);
        }
        return directory;
    }

    /** Neighbours whose piece has the highest score are joined, the leftmost of them, until none make a piece. */
    private static List<Integer> sentencePiece(String text, Map<String, Integer> ids, List<Double> scores) {
        List<String> pieces = new ArrayList<>(Arrays.asList(text.split("")));
        while (true) {
            int best = -1;
            for (int i = 0; i + 1 < pieces.size(); i++) {
                Integer id = ids.get(pieces.get(i) + pieces.get(i + 1));
                boolean better = id != null
                        && (best < 0 || scores.get(id) > scores.get(ids.get(pieces.get(best) + pieces.get(best + 1))));
                best = better ? i : best;
            }
            if (best < 0) {
                return pieces.stream().map(ids::get).toList();
            }
            pieces.set(best, pieces.get(best) + pieces.remove(best + 1));
        }
    }
}
