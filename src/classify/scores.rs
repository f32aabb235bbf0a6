//! Votes for the categories, and the category that they add up to.

use crate::model::Category;
use crate::rules::Compiled;

/// Votes for the categories.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scores {
    pub(super) best: [f64; 6],
    sum: [f64; 6],
    /// The worst category among joined verbs, and its vote.
    pub(super) joined: Option<(Category, f64)>,
}

impl Scores {
    pub(super) fn add(&mut self, category: Category, vote: f64) {
        let at = category as usize;
        if vote > self.best[at] {
            self.best[at] = vote;
        }
        self.sum[at] += vote;
    }

    fn of(&self, category: Category, rest: f64) -> f64 {
        let at = category as usize;
        self.best[at] + rest * (self.sum[at] - self.best[at]).min(self.best[at])
    }

    /// The category that is best supported, its score, and the score of the next.
    pub(super) fn decide(&self, rules: &Compiled) -> (Category, f64, f64) {
        let weights = &rules.weights;
        let score = |category: Category| self.of(category, weights.rest);
        let top = Category::ALL.into_iter().map(score).fold(0.0, f64::max);
        if top < weights.least {
            return (Category::Unknown, top, 0.0);
        }
        let winner = Category::ALL
            .into_iter()
            .rev()
            .find(|c| score(*c) >= top * weights.precedence && score(*c) >= weights.least)
            .unwrap_or(Category::Unknown);
        // Of joined verbs the worst decides, whatever object the others have.
        let winner = match self.joined {
            Some((category, vote)) if category > winner && vote * 1.6 >= top => category,
            _ => winner,
        };
        let next = Category::ALL
            .into_iter()
            .filter(|c| *c != winner)
            .map(score)
            .fold(0.0, f64::max);
        (winner, score(winner), next)
    }
}
