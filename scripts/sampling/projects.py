"""Small projects with mistakes in them, for test runners, compilers and linters to complain about."""

from __future__ import annotations

STOCK = '''"""Stock of a shop."""


class OutOfStockError(Exception):
    pass


class Stock:
    def __init__(self):
        self.items = {}

    def add(self, name, count=1):
        if count < 1:
            raise ValueError(f"count must be positive, not {count}")
        self.items[name] = self.items.get(name, 0) + count

    def take(self, name, count=1):
        if self.items.get(name, 0) < count:
            raise OutOfStockError(name)
        self.items[name] -= count
        return count


def price(net, rate=0.19):
    return round(net * (1 + rate), 1)


def parcels(weights, limit=30):
    result, current = [], []
    for weight in weights:
        if sum(current) + weight > limit:
            result.append(current)
            current = []
        current.append(weight)
    return result
'''
STOCK_TESTS = """import pytest

from stock import OutOfStockError, Stock, parcels, price


@pytest.fixture
def stock():
    made = Stock()
    made.add("tea", 3)
    return made


@pytest.mark.parametrize("count", range(1, 61))
def test_add(stock, count):
    stock.add("coffee", count)
    assert stock.items["coffee"] == count


@pytest.mark.parametrize("name", [f"article-{n:03}" for n in range(70)])
def test_unknown_article_is_out_of_stock(stock, name):
    with pytest.raises(OutOfStockError):
        stock.take(name)


@pytest.mark.parametrize(("net", "gross"), [(10, 11.9), (19.99, 23.79), (0, 0), (100, 119)])
def test_price(net, gross):
    assert price(net) == gross


def test_negative_count(stock):
    with pytest.raises(ValueError, match="positive"):
        stock.add("tea", -1)


def test_all_weights_are_sent():
    weights = [12, 9, 14, 30, 2, 7]
    assert [weight for parcel in parcels(weights) for weight in parcel] == weights


def test_take_leaves_the_rest(stock, ledger):
    stock.take("tea")
    assert stock.items == {"tea": 2}


@pytest.mark.skip(reason="needs a printer")
def test_labels():
    pass


def test_report(stock, capsys):
    print("stock report: 3 tea")
    assert stock.items == {"tea": 3, "milk": 1}
"""
STOCK_CASES = """import unittest

from stock import Stock, parcels, price


class StockCase(unittest.TestCase):
    def setUp(self):
        self.stock = Stock()
        self.stock.add("tea", 3)

    def test_take(self):
        self.assertEqual(self.stock.take("tea", 2), 2)

    def test_rest(self):
        self.stock.take("tea", 2)
        self.assertDictEqual(self.stock.items, {"tea": 2})

    def test_missing(self):
        self.stock.take("milk")

    def test_price(self):
        self.assertAlmostEqual(price(19.99), 23.79)

    def test_zero(self):
        self.assertEqual(price(0), 0)


class ParcelCase(unittest.TestCase):
    def test_heavy(self):
        self.assertEqual(parcels([30, 30]), [[30], [30]])


for number in range(25):
    setattr(ParcelCase, f"test_light_{number}", lambda self: self.assertEqual(parcels([1]), []))
"""
CART = """export function total(cart, rate = 0.19) {
  return cart.reduce((sum, item) => sum + item.price * item.count, 0) * (1 + rate);
}
export function find(cart, name) {
  return cart.filter((item) => item.name = name)[0];
}
export async function checkout(cart) {
  if (!cart.length) throw new Error("the cart is empty");
  return { paid: total(cart), items: cart.length };
}
"""
CART_TESTS = """import { total, find, checkout } from "./cart.mjs";
const cart = [{ name: "tea", price: 3, count: 2 }, { name: "milk", price: 1, count: 1 }];
describe("total", () => {
  for (let count = 0; count < 40; count++) {
    test(`of ${count} pieces`, () => expect(total([{ price: 1, count }], 0)).toBe(count));
  }
  test("with tax", () => expect(total(cart)).toBe(8.33));
});
describe("find", () => {
  test("a known article", () => expect(find(cart, "milk")).toEqual({ name: "milk", price: 1, count: 1 }));
  test("an unknown article", () => expect(find(cart, "honey")).toBeUndefined());
});
describe("checkout", () => {
  test("an empty cart", async () => { await expect(checkout([])).rejects.toThrow("empty"); });
  test.skip("by card", () => {});
  test("counts items", async () => { expect((await checkout(cart)).items).toBe(3); });
});
"""
ORDERS_TS = """import { readFile } from "fs/promises";
export interface Order { id: number; customer: string; lines: Line[]; state: "open" | "paid" }
export interface Line { article: string; count: number; price: number }
export async function load(path: string): Promise<Order[]> {
  const text = readFile(path, "utf-8");
  return JSON.parse(text);
}
export function total(order: Order): string {
  return order.lines.reduce((sum, line) => sum + line.count * line.prize, 0);
}
export function open(orders: Order[]) {
  return orders.filter((order) => order.state === "opened");
}
export function first(orders: Order[]): Order {
  return orders.find((order) => order.id === "1");
}
export class Report {
  private rows: string[];
  print(width: number): void {
    for (const row of this.rows) console.log(row.padEnd(width, 0));
    this.flush();
  }
}
const report = new Report("march");
report.print("80");
"""
LEDGER_JS = """const fs = require('fs')
var total = 0, unused = 1
function add(amount, currency) {
  if (amount == null) return
  total += amont
  if (total = 0) { console.log("empty") }
  switch (amount) {
    case 1:
      total++
    case 2:
      total--
  }
  try { fs.writeFileSync('ledger.txt', total) } catch (e) {}
  return total
  total = 0
}
function addTo(amount) { return undefined_name + amount }
const rates = { eur: 1, usd: 1.1, eur: 2 }
"""
LEDGER_C = """#include <stdio.h>
#include <string.h>
#include "ledger.h"

struct entry *find(struct ledger *book, const char *name)
{
    for (int i = 0; i < book->size; i++)
        if (strcmp(book->entries[i].title, name) == 0)
            return &book->entries[i];
}

int total(struct ledger *book)
{
    unsigned sum;
    for (int i = 0; i < book->size; i++) {
        sum += book->entries[i].cents;
        if (sum < -1) return 0;
    }
    return sum;
}

void print(struct ledger *book)
{
    char line[8];
    int unused;
    sprintf(line, "%-20s|", "description");
    printf("%s %d\\n", line, book->owner);
    if (book->size = 0)
        printf("empty\\n")
    close_book(book);
}
"""
LEDGER_H = """struct entry { const char *name; long cents; };
struct ledger { struct entry *entries; unsigned size; const char *owner; };
struct entry *find(struct ledger *book, const char *name);
int total(struct ledger *book);
"""
MAIN_C = """#include <stdio.h>
#include "ledger.h"
static int twice(int n) { return n * 2; }
int main(int argc, char **argv)
{
    struct ledger book = { 0 };
    printf("%s\\n", total(&book));
    return find(&book);
}
"""
MAKEFILE = """CFLAGS = -Wall -Wextra -O2
PARTS = main.o ledger.o tax.o stock.o orders.o clients.o prices.o parcels.o
shop: $(PARTS)
\t$(CC) -o $@ $^
"""
MORE_C = "int {name}_version(void) {{ return 1; }}\n"
RUST = """use std::collections::HashMap;

#[derive(Debug)]
pub struct Order { id: u32, total: f64, customer: String }

pub fn by_customer(orders: Vec<Order>) -> HashMap<String, Vec<Order>> {
    let groups = HashMap::new();
    for order in orders {
        groups.entry(order.customer).or_insert_with(Vec::new).push(order);
    }
    groups
}

pub fn largest<'a>(orders: &'a [Order], name: &str) -> &'a Order {
    let mut best = &orders[0];
    for order in orders.iter().filter(|o| o.customer == name) {
        if order.total > best.totl { best = order; }
    }
    best
}

fn discount(order: Order, percent: u8) -> f64 {
    match percent { 0 => order.total, 1..=50 => order.total * percent }
}
"""
RUST_TESTED = """pub fn parcels(weights: &[u32], limit: u32) -> Vec<Vec<u32>> {
    let mut result = vec![vec![]];
    for &weight in weights {
        if result.last().unwrap().iter().sum::<u32>() + weight > limit { result.push(vec![]); }
        result.last_mut().unwrap().push(weight);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    macro_rules! light { ($($name:ident: $n:expr),*) => { $(#[test] fn $name() { assert_eq!(parcels(&[$n], 30).len(), 1); })* } }
    light!(one: 1, two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, eleven: 11, twelve: 12,
        thirteen: 13, fourteen: 14, fifteen: 15, sixteen: 16, seventeen: 17, eighteen: 18, nineteen: 19, twenty: 20);

    #[test]
    fn nothing_to_send() { assert!(parcels(&[], 30).is_empty()); }
    #[test]
    fn a_heavy_one_goes_alone() { assert_eq!(parcels(&[31, 1], 30), vec![vec![31], vec![1]]); }
    #[test]
    fn overflow() { let heavy = vec![u32::MAX, 1]; parcels(&heavy, 30); }
}
"""
JAVA = """package shop;

import java.util.*;

public class Invoice {
    private final List<Line> lines = new ArrayList<>();
    private final String customer;

    public Invoice(String customer) { this.custmer = customer; }

    public int total() {
        double sum = 0;
        for (Line line : lines) sum += line.price() * line.count();
        return sum;
    }

    public Optional<Line> find(String article) {
        return lines.stream().filter(line -> line.article() = article).findFirst();
    }

    public void send(Mailer mailer) { mailer.send(customer, total()); }

    public List<String> articles() { List raw = new ArrayList(); raw.add(1); return raw; }

    record Line(String article, int count, double price) {
        int rounded() { return Math.round(price * 100L) / 100 }
    }
}
"""
MESSY = """import os, sys
import json
from typing import *

DEFAULTS = {"rate": 0.19, "rate": 0.07}


def load(path: str, cache: dict = {}) -> list[str]:
    if path in cache: return cache[path]
    f = open(path)
    try:
        cache[path] = json.load(f)
    except:
        pass
    return cache[path].get("rows", None)


def total(rows: list[dict[str, float]]) -> int:
    sum = 0
    for i, row in enumerate(rows):
        sum += row["net"] * (1 + DEFAULTS["rate"])
    if sum == None or type(sum) == str:
        raise "no rows"
    return sum


class Report:
    title: str = None

    def render(self, width: int) -> str:
        l = [f"report" for _ in range(width)]
        return self.tittle + "\\n".join(l) + width

    def save(self, path) -> None:
        assert (path, "a path is needed")
        print("saved to {} by {}".format(path))
        os.system("cp %s /backup" % path)


report = Report("march")
report.render("80")
total(load("rows.json"))
lambda_total = lambda rows: total(rows)
"""
